package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.MongoBulkWriteException;
import com.mongodb.MongoClientException;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoIncompatibleDriverException;
import com.mongodb.MongoInterruptedException;
import com.mongodb.MongoNodeIsRecoveringException;
import com.mongodb.MongoNotPrimaryException;
import com.mongodb.MongoSecurityException;
import com.mongodb.MongoServerUnavailableException;
import com.mongodb.MongoSocketException;
import com.mongodb.MongoSocketReadTimeoutException;
import com.mongodb.MongoSocketWriteTimeoutException;
import com.mongodb.MongoTimeoutException;
import com.mongodb.MongoWriteConcernException;
import com.mongodb.MongoWriteException;
import com.mongodb.bulk.WriteConcernError;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException.Reason;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Translates exceptions of the driver for callers.
 *
 * <p>The server's own messages are never passed on: they quote documents. Codes and their names are.
 */
final class MongoFailures {
  static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private static final int UNAUTHORIZED = 13;
  private static final int AUTHENTICATION_FAILED = 18;
  private static final int DUPLICATE_KEY = 11000;

  /** Codes for temporary states of the server: shutting down, no primary, time limit, overload. */
  private static final Set<Integer> PASSING = Set.of(
      6, 7, 50, 64, 89, 91, 100, 133, 134, 189, 202, 262, 462, 9001, 10107, 11600, 11602, 13435,
      13436);

  /** Those of them that name the time limit of the operation. */
  private static final Set<Integer> TIME_LIMITS = Set.of(50, 64, 262);

  private final MongoSettings settings;
  private final LastFailure lastFailure;

  MongoFailures(MongoSettings settings, LastFailure lastFailure) {
    this.settings = settings;
    this.lastFailure = lastFailure;
  }

  /** Whether a unique index refused the document: that of {@code _id}, or one that another service has made. */
  static boolean isDuplicate(MongoWriteException failure) {
    return failure.getError().getCode() == DUPLICATE_KEY;
  }

  /** Whether the server may or may not have done the operation, and another server may do it now. */
  static boolean isWorthAnotherTry(MongoException failure) {
    return failure instanceof MongoSocketException
        || failure instanceof MongoServerUnavailableException
        || failure instanceof MongoNotPrimaryException
        || failure instanceof MongoNodeIsRecoveringException;
  }

  /** Whether the time that the operation was given was over, as the driver or the server says. */
  static boolean isTimeOut(MongoException failure) {
    return failure instanceof MongoTimeoutException
        || failure instanceof MongoSocketReadTimeoutException
        || failure instanceof MongoSocketWriteTimeoutException
        || TIME_LIMITS.contains(codeOf(failure));
  }

  StoreException translate(MongoException failure) {
    int code = codeOf(failure);
    if (failure instanceof MongoSecurityException
        || code == UNAUTHORIZED
        || code == AUTHENTICATION_FAILED) {
      return unavailable(
          Reason.CREDENTIALS,
          "refused the credentials; check the user, the password and authSource in MONGO_URI, and that"
              + " the user may read and write the database",
          failure);
    }
    if (failure instanceof MongoIncompatibleDriverException) {
      return unavailable(
          Reason.INCOMPATIBLE,
          "uses a protocol version that this service does not support; it needs MongoDB 4.2 or later",
          failure);
    }
    if (failure instanceof MongoInterruptedException) {
      return unavailable(Reason.CLOSED, "did not answer: the call was interrupted", failure);
    }
    if (isPassing(failure, code)) {
      return unavailable(
          Reason.UNREACHABLE,
          "did not answer in time or cannot serve now (" + describe(failure, code)
              + lastFailure.suffix() + "); check that it runs and that MONGO_URI names it",
          failure);
    }
    return new StoreException(
        "MongoDB at " + settings.target() + " refused an operation (" + describe(failure, code)
            + "): unexpected error from MongoDB; this is a bug or an unsupported server",
        // The driver's exception quotes the server's reply, so it is not kept as the cause.
        null);
  }

  /** What {@link #isWorthAnotherTry}, as long as that try has not been made. */
  StoreUnavailableException lost(MongoException failure) {
    return unavailable(
        Reason.CONNECTION_LOST,
        "lost a connection (" + describe(failure, codeOf(failure))
            + "); the write may have been made",
        failure);
  }

  StoreUnavailableException busy(int waiting) {
    return new StoreUnavailableException(
        Reason.BUSY,
        "no connection to MongoDB at " + settings.target() + " was free within "
            + settings.busyTimeout().toMillis() + " ms (" + settings.poolSize() + " in use, "
            + waiting
            + " waiting); raise MONGO_POOL_SIZE or find out why it is slow",
        RETRY_AFTER,
        null);
  }

  StoreUnavailableException late() {
    return new StoreUnavailableException(
        Reason.LATE,
        "MongoDB at " + settings.target() + " was not asked: the time of the request was over",
        RETRY_AFTER,
        null);
  }

  /** A caller's time was over while another sent its write along with its own. */
  StoreUnavailableException leftAlone() {
    return new StoreUnavailableException(
        Reason.CUT_SHORT,
        "MongoDB at " + settings.target() + " had not answered when the time of the request was"
            + " over; the write may have been made",
        RETRY_AFTER,
        null);
  }

  /** A bulk of which the server has not confirmed what it did, whatever it refused besides. */
  StoreUnavailableException unconfirmed(MongoBulkWriteException bulk) {
    WriteConcernError error = bulk.getWriteConcernError();
    return unavailable(
        Reason.UNREACHABLE,
        "did not confirm its writes in time (" + describe(bulk, error == null ? 0 : error.getCode())
            + "); check the members of the replica set",
        bulk);
  }

  StoreUnavailableException cutShort(MongoException failure) {
    return unavailable(
        Reason.CUT_SHORT,
        "did not answer in the little time that the request had left ("
            + describe(failure, codeOf(failure)) + ")",
        failure);
  }

  StoreUnavailableException down(Duration retryAfter) {
    return new StoreUnavailableException(
        Reason.KNOWN_DOWN,
        "MongoDB at " + settings.target() + " is known to be down" + lastFailure.suffix(),
        retryAfter.compareTo(RETRY_AFTER) > 0 ? retryAfter : RETRY_AFTER,
        null);
  }

  StoreUnavailableException closed() {
    return new StoreUnavailableException(
        Reason.CLOSED,
        "the connection to MongoDB is closed: this process is ending",
        RETRY_AFTER,
        null);
  }

  private StoreUnavailableException unavailable(Reason reason, String what, MongoException cause) {
    return new StoreUnavailableException(
        reason, "MongoDB at " + settings.target() + " " + what, RETRY_AFTER, stripped(cause));
  }

  /** A cause whose message may quote documents or credentials is replaced by its class. */
  private static @Nullable Throwable stripped(MongoException cause) {
    return cause instanceof MongoSocketException || cause instanceof MongoTimeoutException
        ? cause
        : null;
  }

  private static boolean isPassing(MongoException failure, int code) {
    return failure instanceof MongoTimeoutException
        || failure instanceof MongoWriteConcernException
        || (failure instanceof MongoBulkWriteException bulk && isUnconfirmed(bulk))
        || isWorthAnotherTry(failure)
        || PASSING.contains(code)
        || failure.hasErrorLabel("RetryableWriteError")
        || failure.hasErrorLabel("RetryableError")
        || (failure instanceof MongoClientException
            && failure.getCause() instanceof MongoSocketException);
  }

  /** Whether all writes were done and only the write concern was not met: a failed bulk has one kind of error or both. */
  private static boolean isUnconfirmed(MongoBulkWriteException bulk) {
    return bulk.getWriteErrors().isEmpty();
  }

  private static int codeOf(MongoException failure) {
    if (failure instanceof MongoBulkWriteException bulk) {
      if (!isUnconfirmed(bulk)) {
        return bulk.getWriteErrors().get(0).getCode();
      }
      WriteConcernError unconfirmed = bulk.getWriteConcernError();
      return unconfirmed == null ? 0 : unconfirmed.getCode();
    }
    return failure instanceof MongoWriteException write
        ? write.getError().getCode()
        : failure.getCode();
  }

  private static String describe(MongoException failure, int code) {
    String name =
        failure instanceof MongoCommandException command ? " " + command.getErrorCodeName() : "";
    return failure.getClass().getSimpleName() + (code > 0 ? " code " + code + name : "");
  }
}
