package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.DuplicateKeyException;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoWriteException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Projections;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.User;
import io.github.scalingtoolkit.todo.login.UserStore;
import java.util.Optional;
import java.util.Set;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;

/**
 * Users in the collection {@code users}: {@code _id} is the user's id, {@code username} is unique. A document without a password
 * hash, as in a collection of another service, is not a user.
 */
final class MongoUserStore implements UserStore {
  private static final String ID = "_id";
  private static final String USERNAME = "username";
  private static final String PASSWORD_HASH = "passwordHash";
  private static final String INDEX = "username_1";
  /** An index of the same name or on the same field is there and is another one. */
  private static final Set<Integer> OTHER_INDEX = Set.of(85, 86);

  private final MongoCollection<Document> users;
  private final MongoCalls calls;

  MongoUserStore(MongoCollection<Document> users, MongoCalls calls) {
    this.users = users;
    this.calls = calls;
  }

  @Override
  public Optional<User> findByUsername(String username) {
    return first(Filters.eq(USERNAME, username));
  }

  @Override
  public Optional<User> findById(UserId id) {
    return first(
        ObjectId.isValid(id.value())
            ? Filters.in(ID, id.value(), new ObjectId(id.value()))
            : Filters.eq(ID, id.value()));
  }

  @Override
  public boolean isEmpty() {
    return calls.call(() -> users
            .find(Filters.and(Filters.exists(USERNAME), Filters.exists(PASSWORD_HASH)))
            .projection(Projections.include(ID))
            .first())
        == null;
  }

  private Optional<User> first(Bson filter) {
    Document found = calls.call(() -> users.find(filter).first());
    if (found == null) {
      return Optional.empty();
    }
    UserId id = TodoDocuments.userId(found.get(ID));
    return id != null
            && found.get(USERNAME) instanceof String username
            && found.get(PASSWORD_HASH) instanceof String hash
        ? Optional.of(new User(id, username, hash))
        : Optional.empty();
  }

  @Override
  public boolean addIfAbsent(User user) {
    return calls.call(() -> {
      makeIndex();
      try {
        users.insertOne(new Document(ID, user.id().value())
            .append(USERNAME, user.username())
            .append(PASSWORD_HASH, user.passwordHash()));
        return true;
      } catch (MongoWriteException refused) {
        if (MongoFailures.isDuplicateId(refused)) {
          return false;
        }
        throw refused;
      }
    });
  }

  private void makeIndex() {
    try {
      users.createIndex(
          new Document(USERNAME, 1), new IndexOptions().name(INDEX).unique(true));
    } catch (DuplicateKeyException twice) {
      throw withoutIndex(
          twice,
          "several documents have the same username, or none; give each its own, or remove them");
    } catch (MongoCommandException refused) {
      if (!OTHER_INDEX.contains(refused.getCode())) {
        throw refused;
      }
      throw withoutIndex(
          refused, "another index on username is there; drop it if nothing else needs it");
    }
  }

  private StoreException withoutIndex(MongoException refused, String why) {
    return new StoreException(
        "no user can be added to the collection " + users.getNamespace().getFullName()
            + ": MongoDB refused the unique index " + INDEX + " on username (code "
            + refused.getCode() + "): " + why + ", or name another database in MONGO_URI",
        // The driver's exception quotes the server's reply, so it is not kept as the cause.
        null);
  }
}
