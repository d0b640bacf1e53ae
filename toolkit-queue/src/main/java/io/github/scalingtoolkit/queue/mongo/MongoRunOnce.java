package io.github.scalingtoolkit.queue.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReplaceOptions;
import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.RunOnce;
import java.time.Duration;
import java.util.Date;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link RunOnce} whose records are documents of a collection, {@code {_id: job, at: Date}}: one collection a queue, because
 * ids are unique within one. Throws what the driver throws.
 */
public final class MongoRunOnce implements RunOnce {
  private static final String ID = "_id";
  private static final String AT = "at";
  private static final int OTHER_OPTIONS = 85;
  private static final int OTHER_KEYS = 86;
  private static final Logger log = LoggerFactory.getLogger(MongoRunOnce.class);

  private final MongoCollection<Document> records;

  private MongoRunOnce(MongoCollection<Document> records) {
    this.records = Objects.requireNonNull(records);
  }

  /** Keeps records in {@code records}. No round trip. */
  public static MongoRunOnce in(MongoCollection<Document> records) {
    return new MongoRunOnce(records);
  }

  /**
   * Makes the index that removes records after {@code kept}; without it they stay. One round trip. If it is there with
   * another time, one WARN says so and how to change it, and that time holds.
   *
   * @param kept how long a record is kept, 1 minute to 365 days, in whole seconds: longer than the job may be retried
   * @throws IllegalArgumentException if that is out of bounds
   */
  public void expireAfter(Duration kept) {
    long seconds =
        Check.between("kept", kept, Duration.ofMinutes(1), Duration.ofDays(365)).toSeconds();
    try {
      records.createIndex(
          Indexes.ascending(AT), new IndexOptions().expireAfter(seconds, TimeUnit.SECONDS));
    } catch (MongoCommandException refused) {
      if (refused.getErrorCode() != OTHER_OPTIONS && refused.getErrorCode() != OTHER_KEYS) {
        throw refused;
      }
      log.warn(
          "collection={} index={} expireAfterSeconds={} state=refused cause=\"the index is there with another time, which holds\" action=\"change it by collMod with index.expireAfterSeconds, or drop the index\"",
          records.getNamespace(),
          AT,
          seconds);
    }
  }

  @Override
  public <E extends Exception> boolean runOnce(JobId job, Action.Effect<E> effect)
      throws E, InterruptedException {
    if (records
            .find(Filters.eq(ID, job.value()))
            .projection(Projections.include(ID))
            .first()
        != null) {
      return false;
    }
    effect.run();
    records.replaceOne(
        Filters.eq(ID, job.value()),
        new Document(ID, job.value()).append(AT, new Date(Clock.system().millis())),
        new ReplaceOptions().upsert(true));
    return true;
  }
}
