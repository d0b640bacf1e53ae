package io.github.scalingtoolkit.todo.login;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class FirstUsersTest {
  private static final Credentials ADA = new Credentials("ada", Secret.of("her password"));

  private final Logger logger = (Logger) LoggerFactory.getLogger(FirstUsers.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final LoginTest.InMemoryUserStore store = new LoginTest.InMemoryUserStore();
  private final Users users = new Users(store, new PasswordHasher(1));

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.INFO);
  }

  @AfterEach
  void unlisten() {
    logger.setLevel(null);
    logger.detachAppender(log);
  }

  @Test
  void theFirstUserIsMadeOnlyWhereThereIsNone() {
    new FirstUsers(users, Optional.of(ADA), false, false).seed(true);
    new FirstUsers(
            users, Optional.of(new Credentials("bob", Secret.of("long enough"))), false, false)
        .seed(true);

    assertThat(store.findByUsername("ada")).isPresent();
    assertThat(store.findByUsername("bob")).isEmpty();
    assertThat(warnings()).isEmpty();
  }

  @Test
  void aServiceWithoutAUserSaysSoAndWhatToDo() {
    new FirstUsers(users, Optional.empty(), false, false).seed(true);
    new FirstUsers(users, Optional.empty(), false, true).seed(true);

    assertThat(warnings()).hasSize(2);
    assertThat(warnings().get(0))
        .contains("users=none", "add-user", "FIRST_USER")
        .doesNotContain("/register");
    assertThat(warnings().get(1)).contains("POST /register");
    assertThat(store.isEmpty()).isTrue();
  }

  @Test
  void aServiceWithUsersSaysNothing() {
    users.add(ADA);

    new FirstUsers(users, Optional.empty(), false, false).seed(true);

    assertThat(warnings()).isEmpty();
  }

  @Test
  void aDemoHasTheTutorialsUserAndNoWarning() {
    new FirstUsers(users, Optional.empty(), true, true).seed(true);

    assertThat(store.findByUsername("user").map(User::id)).contains(new UserId("user123"));
    assertThat(warnings()).isEmpty();
  }

  @Test
  void aStoreThatRefusesTheFirstUserIsWarnedOfOnceAndRarelyAsked() {
    store.refusal = "another index on username is there";
    FirstUsers seeds = new FirstUsers(users, Optional.of(ADA), false, false);

    List<Duration> pauses = Stream.generate(seeds::step).limit(12).toList();

    assertThat(pauses)
        .startsWith(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4))
        .endsWith(Duration.ofMinutes(5));
    assertThat(warnings())
        .singleElement()
        .asString()
        .contains("first=refused", "another index on username is there");
    store.refusal = null;
    assertThat(seeds.step()).isEqualTo(Loop.DONE);
    assertThat(store.findByUsername("ada")).isPresent();
  }

  @Test
  void aFirstUserThatAnotherProcessAddsMeanwhileIsNotSaidToBeAdded() {
    store.beforeAdd = () -> store.addIfAbsent(new User(new UserId("another"), "ada", ""));

    new FirstUsers(users, Optional.of(ADA), false, false).seed(true);

    assertThat(store.findById(new UserId("another"))).isPresent();
    assertThat(log.list).isEmpty();
  }

  @Test
  void aNameThatADocumentWhichIsNoUserHasIsAWarning() {
    store.beforeAdd = () -> store.othersHave("ada");

    new FirstUsers(users, Optional.of(ADA), false, false).seed(true);

    assertThat(warnings()).singleElement().asString().contains("users=none", "FIRST_USER");
  }

  private List<String> warnings() {
    return log.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }
}
