package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.DuplicateKeyException;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoWriteException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Projections;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.User;
import io.github.scalingtoolkit.todo.login.UserStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonType;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/**
 * Users in the collection {@code users}: {@code _id} is the user's id, {@code username} is unique among the documents that have
 * one. A document without a password hash, as in a collection of another service, is not a user, and does not keep users from
 * being added, unless an index of that service does: then the message names it. Where that service's index by the name has a
 * collation, a name that it takes for another is taken.
 */
final class MongoUserStore implements UserStore {
  private static final String ID = "_id";
  private static final String USERNAME = "username";
  private static final String PASSWORD_HASH = "passwordHash";
  private static final String INDEX = "username_1";
  private static final Document BY_NAME = new Document(USERNAME, 1);
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
    return calls.call(budget -> budget
            .of(users)
            .find(Filters.and(Filters.exists(USERNAME), Filters.exists(PASSWORD_HASH)))
            .projection(Projections.include(ID))
            .first())
        == null;
  }

  private Optional<User> first(Bson filter) {
    Document found = calls.call(budget -> budget.of(users).find(filter).first());
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
    return calls.call(budget -> {
      makeIndex(budget);
      try {
        budget
            .of(users)
            .insertOne(new Document(ID, user.id().value())
                .append(USERNAME, user.username())
                .append(PASSWORD_HASH, user.passwordHash()));
        return true;
      } catch (MongoWriteException refused) {
        if (!MongoFailures.isDuplicate(refused)) {
          throw refused;
        }
        if (isThere(budget, user) || hasClash(budget, user)) {
          return false;
        }
        throw foreignIndex(budget, refused);
      }
    });
  }

  private boolean isThere(MongoCalls.Budget budget, User user) {
    return budget
            .of(users)
            .find(Filters.or(
                Filters.eq(ID, user.id().value()), Filters.eq(USERNAME, user.username())))
            .projection(Projections.include(ID))
            .first()
        != null;
  }

  /** Tells whether a name is there that an index by the name takes for this one. */
  private boolean hasClash(MongoCalls.Budget budget, User user) {
    for (Document index : budget.of(users).listIndexes()) {
      if (isByName(index)
          && index.get("collation") instanceof Document collation
          && budget
                  .of(users)
                  .find(Filters.eq(USERNAME, user.username()))
                  .collation(Collations.of(collation))
                  .projection(Projections.include(ID))
                  .first()
              != null) {
        return true;
      }
    }
    return false;
  }

  private StoreException foreignIndex(MongoCalls.Budget budget, MongoWriteException refused) {
    List<String> unique = new ArrayList<>();
    for (Document index : budget.of(users).listIndexes()) {
      if (isUnique(index) && !isByName(index)) {
        unique.add(index.getString("name"));
      }
    }
    return new StoreException(
        "no user can be added to the collection " + users.getNamespace().getFullName()
            + ": MongoDB refused it as a duplicate (code " + refused.getError().getCode()
            + "), though no document has its username or id; unique indexes of another service ("
            + String.join(", ", unique)
            + ") must be sparse, so that documents without their fields may be many, or name another"
            + " database in MONGO_URI",
        null);
  }

  /**
   * Checks that users can be added as far as the indexes that are there tell, so that a service says at its start what its
   * first registration would find out. Makes none.
   *
   * @throws StoreException if an index on the name is there that does not keep names apart; its message names the index
   */
  void requireFitIndex() {
    calls.call(this::hasIndex);
  }

  /** Tells whether names are kept apart: what another service, or an older version of this one, has made is as good. */
  private boolean hasIndex(MongoCalls.Budget budget) {
    List<String> unfit = new ArrayList<>();
    for (Document index : budget.of(users).listIndexes()) {
      if (isByName(index)) {
        String why = unfitness(index);
        if (why == null) {
          return true;
        }
        unfit.add("the index " + index.getString("name") + " on username is there, and " + why);
      }
    }
    if (!unfit.isEmpty()) {
      throw withoutIndex(String.join("; ", unfit) + "; drop it if nothing else needs it");
    }
    return false;
  }

  /**
   * Returns why equal names may be in the collection twice; null if they may not. A collation does no harm: names that are equal
   * byte by byte are so by any of them, and more names are taken.
   */
  private static @Nullable String unfitness(Document index) {
    if (!isUnique(index)) {
      return "is not unique";
    }
    return index.get("partialFilterExpression") instanceof Document filter && !holdsForNames(filter)
        ? "is partial: names outside of its filter may be there twice"
        : null;
  }

  /** Tells whether {@code filter} is about the name alone, and holds whatever text it is. */
  private static boolean holdsForNames(Document filter) {
    return filter.keySet().equals(BY_NAME.keySet())
        && filter.get(USERNAME) instanceof Document conditions
        && conditions.entrySet().stream().allMatch(condition -> switch (condition.getKey()) {
          case "$exists" -> isTrue(condition.getValue());
          case "$type" ->
            isString(condition.getValue())
                || (condition.getValue() instanceof List<?> types
                    && types.stream().anyMatch(MongoUserStore::isString));
          // Names are not empty.
          case "$gt", "$gte" -> "".equals(condition.getValue());
          default -> false;
        });
  }

  private static boolean isString(@Nullable Object type) {
    return "string".equals(type)
        || (type instanceof Number number && number.intValue() == BsonType.STRING.getValue());
  }

  private static boolean isUnique(Document index) {
    return isTrue(index.get("unique"));
  }

  /** Servers keep what another service has sent, which may be a number. */
  private static boolean isTrue(@Nullable Object value) {
    return Boolean.TRUE.equals(value)
        || (value instanceof Number number && number.doubleValue() != 0);
  }

  private void makeIndex(MongoCalls.Budget budget) {
    if (hasIndex(budget)) {
      return;
    }
    try {
      budget
          .of(users)
          .createIndex(BY_NAME, new IndexOptions().name(INDEX).unique(true).sparse(true));
    } catch (DuplicateKeyException twice) {
      throw withoutIndex("MongoDB refused the unique index " + INDEX + " on username (code "
          + twice.getCode() + "): several documents have the same username; give each its own, or"
          + " remove them");
    } catch (MongoCommandException refused) {
      if (!OTHER_INDEX.contains(refused.getCode())) {
        throw refused;
      }
      throw withoutIndex("MongoDB refused the unique index " + INDEX + " on username (code "
          + refused.getCode() + "): another index of this name is there; drop it if nothing else"
          + " needs it");
    }
  }

  private static boolean isByName(Document index) {
    return index.get("key") instanceof Document key && key.keySet().equals(BY_NAME.keySet());
  }

  private StoreException withoutIndex(String why) {
    return new StoreException(
        "no user can be added to the collection " + users.getNamespace().getFullName() + ": " + why
            + ", or name another database in MONGO_URI",
        // The driver's exception quotes the server's reply, so it is not kept as the cause.
        null);
  }
}
