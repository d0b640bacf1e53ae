package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.MongoWriteException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Projections;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.User;
import io.github.scalingtoolkit.todo.login.UserStore;
import java.util.Optional;
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
      users.createIndex(new Document(USERNAME, 1), new IndexOptions().unique(true));
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
}
