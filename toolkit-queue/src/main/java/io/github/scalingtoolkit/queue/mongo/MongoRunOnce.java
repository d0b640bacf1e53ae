package io.github.scalingtoolkit.queue.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.UpdateOptions;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.RunOnce;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link RunOnce} whose records are documents of a collection, one a job, {@code {_id: job, effects: [name], at: Date}}: one
 * collection a queue, because ids are unique within one. {@link io.github.scalingtoolkit.queue.QueueInspector#remove} does
 * not reach them: {@link #forget} does. Throws what the driver throws.
 */
public final class MongoRunOnce implements RunOnce {
  private static final String ID = "_id";
  private static final String AT = "at";
  private static final String EFFECTS = "effects";

  /** The effect that records are of that were written before effects had names. */
  private static final String ONLY = "effect";

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
   * Makes the index that removes the records of a job {@code kept} after its last effect; without it they stay. One round trip. If it is there with
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
  public <E extends Exception> boolean runOnce(JobId job, String name, Action.Effect<E> effect)
      throws E, InterruptedException {
    Check.name("an effect's name", name);
    Document record = records
        .find(Filters.eq(ID, job.value()))
        .projection(Projections.include(EFFECTS))
        .first();
    boolean earlier = record != null && !record.containsKey(EFFECTS);
    if (earlier ? name.equals(ONLY) : record != null && has(record, name)) {
      return false;
    }
    effect.run();
    records.updateOne(
        Filters.eq(ID, job.value()),
        Updates.combine(
            Updates.addEachToSet(EFFECTS, earlier ? List.of(ONLY, name) : List.of(name)),
            // By its own clock, as the index that removes it.
            Updates.currentDate(AT)),
        new UpdateOptions().upsert(true));
    return true;
  }

  private static boolean has(Document record, String name) {
    return record.getList(EFFECTS, String.class).contains(name);
  }

  @Override
  public void forget(JobId job) {
    records.deleteOne(Filters.eq(ID, job.value()));
  }
}
