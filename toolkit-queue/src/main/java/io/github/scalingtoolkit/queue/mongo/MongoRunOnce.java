package io.github.scalingtoolkit.queue.mongo;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReplaceOptions;
import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.RunOnce;
import java.time.Duration;
import java.util.Date;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.bson.Document;

/**
 * {@link RunOnce} whose records are documents of a collection, {@code {_id: job, at: Date}}: one collection a queue, because
 * ids are unique within one. Throws what the driver throws.
 */
public final class MongoRunOnce implements RunOnce {
  private static final String ID = "_id";
  private static final String AT = "at";

  private final MongoCollection<Document> records;

  private MongoRunOnce(MongoCollection<Document> records) {
    this.records = Objects.requireNonNull(records);
  }

  /** Keeps records in {@code records}. No round trip. */
  public static MongoRunOnce in(MongoCollection<Document> records) {
    return new MongoRunOnce(records);
  }

  /** Makes the index that removes records after {@code kept}, unless it is there; without it they stay. One round trip. */
  public void expireAfter(Duration kept) {
    records.createIndex(
        Indexes.ascending(AT), new IndexOptions().expireAfter(kept.toSeconds(), TimeUnit.SECONDS));
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
