package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Collation;
import com.mongodb.client.model.IndexOptions;
import io.github.scalingtoolkit.core.limit.LocalRateLimiter;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.Credentials;
import io.github.scalingtoolkit.todo.login.Login;
import io.github.scalingtoolkit.todo.login.Login.Outcome;
import io.github.scalingtoolkit.todo.login.LoginLimits;
import io.github.scalingtoolkit.todo.login.PasswordHasher;
import io.github.scalingtoolkit.todo.login.User;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Users that another service wrote, whatever their documents look like, log in or are refused: never a fault. */
class MongoUserStoreTest {
  private final PasswordHasher hasher = new PasswordHasher();
  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-02T03:04:05Z"));
  private WireServer server;
  private MongoClient client;
  private MongoTodoStore store;

  @BeforeEach
  void open() {
    server = WireServer.start();
    client = MongoClients.create(server.uri());
    store = MongoTodoStore.openWithoutThread(MongoSettings.of(server.uri()), clock);
  }

  @AfterEach
  void close() {
    store.close();
    client.close();
    server.close();
  }

  @Test
  void aUserOfMongooseWithoutAHashOfOursIsRefused() {
    users().insertOne(new Document("username", "no hash").append("password", "$2b$10$abc"));
    users().insertOne(new Document("username", "bcrypt").append("passwordHash", "$2b$10$abc"));
    users().insertOne(new Document("username", "number").append("passwordHash", 7));
    users().insertOne(new Document("_id", 7).append("username", "id").append("passwordHash", ""));

    for (String username : new String[] {"no hash", "bcrypt", "number", "id"}) {
      assertThat(logIn(username)).as(username).isInstanceOf(Outcome.Refused.class);
    }
  }

  @Test
  void aMongooseUserWithOurHashIsKnownByTheHexOfItsId() {
    ObjectId id = new ObjectId();
    users()
        .insertOne(new Document("_id", id)
            .append("username", "ada")
            .append("passwordHash", hasher.hash(Secret.of("pass"))));

    assertThat(logIn("ada"))
        .isInstanceOfSatisfying(
            Outcome.Welcome.class,
            welcome -> assertThat(welcome.user().id()).isEqualTo(new UserId(id.toHexString())));
  }

  @Test
  void aCollectionWithoutAUserOfOursIsEmptyAndAUserIsFoundByItsId() {
    users().insertOne(new Document("username", "no hash").append("password", "$2b$10$abc"));
    assertThat(store.users().isEmpty()).isTrue();
    User ada = new User(new UserId("user123"), "ada", "$pbkdf2-sha256$i=1$aa$aa");

    store.users().addIfAbsent(ada);

    assertThat(store.users().isEmpty()).isFalse();
    assertThat(store.users().findById(ada.id())).contains(ada);
    assertThat(store.users().findById(new UserId("user124"))).isEmpty();
  }

  @Test
  void aUserIsAddedOnce() {
    User ada = new User(new UserId("user123"), "ada", hasher.hash(Secret.of("pass")));

    assertThat(store.users().addIfAbsent(ada)).isTrue();
    assertThat(store.users().addIfAbsent(ada)).isFalse();
    assertThat(logIn("ada")).isInstanceOf(Outcome.Welcome.class);
  }

  @Test
  void usersOfAnotherServiceWithoutANameHinderNoneOfOurs() {
    users().insertOne(new Document("email", "ada@example.org"));
    users().insertOne(new Document("email", "bob@example.org"));

    assertThat(addAda()).isTrue();

    assertThat(addAda()).isFalse();
    assertThat(store.users().findByUsername("ada")).isPresent();
  }

  @Test
  void aUniqueIndexOnTheNameThatMongooseHasMadeIsAsGood() {
    users().createIndex(new Document("username", 1), new IndexOptions().unique(true));

    assertThat(addAda()).isTrue();

    assertThat(addAda()).isFalse();
  }

  @Test
  void anotherUniqueIndexThatRefusesOurUsersIsNamedAndIsNoTakenName() {
    users().createIndex(new Document("email", 1), new IndexOptions().unique(true));
    users().insertOne(new Document("username", "no email"));

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(this::addAda)
        .isExactlyInstanceOf(StoreException.class)
        .withMessageContainingAll("todoapp.users", "email_1", "11000", "sparse", "MONGO_URI");
  }

  @Test
  void namesThatSeveralUsersOfAnotherServiceHaveAreNamed() {
    users().insertOne(new Document("username", "bob"));
    users().insertOne(new Document("username", "bob"));

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(this::addAda)
        .isExactlyInstanceOf(StoreException.class)
        .withMessageContainingAll("todoapp.users", "username_1", "11000", "the same username");
  }

  @Test
  void anotherIndexOnTheNameIsNamedWithWhatToDo() {
    users().createIndex(new Document("username", 1));

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(this::addAda)
        .isExactlyInstanceOf(StoreException.class)
        .withMessageContainingAll(
            "todoapp.users", "username_1", "not unique", "drop it", "MONGO_URI");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{active: true}",
        "{username: {$exists: true}, active: true}",
        "{username: {$gt: 'm'}}",
        "{username: {$type: 'int'}}",
        "{username: 'ada'}"
      })
  void aUniqueIndexOnAPartOfTheNamesIsRefused(String filter) {
    users().createIndex(new Document("username", 1), partial(filter));

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(this::addAda)
        .isExactlyInstanceOf(StoreException.class)
        .withMessageContainingAll("todoapp.users", "username_1", "partial", "drop it", "MONGO_URI");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{username: {$exists: true}}",
        "{username: {$type: 'string'}}",
        "{username: {$type: 2}}",
        "{username: {$type: ['int', 'string']}}",
        "{username: {$exists: true, $type: 'string'}}",
        "{username: {$gt: ''}}"
      })
  void aUniqueIndexOnAllThatAreTextIsAsGood(String filter) {
    users().createIndex(new Document("username", 1), partial(filter));

    assertThat(addAda()).isTrue();
  }

  private static IndexOptions partial(String filter) {
    return new IndexOptions().unique(true).partialFilterExpression(Document.parse(filter));
  }

  @Test
  void aUniqueIndexWithACollationIsAsGood() {
    users()
        .createIndex(
            new Document("username", 1),
            new IndexOptions()
                .unique(true)
                .collation(Collation.builder().locale("en").build()));

    assertThat(addAda()).isTrue();

    assertThat(addAda()).isFalse();
  }

  @Test
  void aUniqueIndexWhoseMakerSaidOneIsUnique() {
    client
        .getDatabase("todoapp")
        .runCommand(
            Document.parse(
                "{createIndexes: 'users', indexes: [{key: {username: 1}, name: 'by name', unique: 1}]}"));

    assertThat(addAda()).isTrue();
    assertThat(addAda()).isFalse();
  }

  @Test
  void anUnfitIndexIsToldOnceAtTheStartAndOnceWhenItIsGone() {
    users().createIndex(new Document("username", 1));
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    store.bindTo(registry);
    Gauge unfit = registry.get("toolkit.todo.users.unfit").gauge();
    Logger logger = (Logger) LoggerFactory.getLogger(MongoUpkeep.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.INFO);
    try {
      assertThat(unfit.value()).isZero();
      store.doUpkeep();
      clock.advance(Duration.ofMinutes(1));
      store.doUpkeep();

      assertThat(log.list)
          .filteredOn(event -> event.getLevel() == Level.WARN)
          .singleElement()
          .asString()
          .contains("users=unfit", "no user can be added", "username_1", "not unique");
      assertThat(unfit.value()).isOne();

      users().dropIndex("username_1");
      clock.advance(Duration.ofMinutes(1));
      store.doUpkeep();
      clock.advance(Duration.ofMinutes(1));
      store.doUpkeep();

      assertThat(log.list)
          .filteredOn(event -> event.getFormattedMessage().contains("users=fit"))
          .hasSize(1);
      assertThat(unfit.value()).isZero();
    } finally {
      logger.setLevel(null);
      logger.detachAppender(log);
    }
  }

  private boolean addAda() {
    return store
        .users()
        .addIfAbsent(new User(new UserId("user123"), "ada", "$pbkdf2-sha256$i=1$aa$aa"));
  }

  private Outcome logIn(String username) {
    LoginLimits unlimited = new LoginLimits(
        LocalRateLimiter.of(new RateLimit("login", 1000, Duration.ofMinutes(1)), Clock.system()));
    return new Login(store.users(), hasher, unlimited, 256)
        .check("7f000001", new Credentials(username, Secret.of("pass")));
  }

  private MongoCollection<Document> users() {
    return client.getDatabase("todoapp").getCollection("users");
  }
}
