package io.github.scalingtoolkit.queue.mongo;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.NewJob;
import io.github.scalingtoolkit.queue.OutboxPage;
import io.github.scalingtoolkit.queue.OutboxStore;
import io.github.scalingtoolkit.queue.QueueException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.json.JsonMode;
import org.bson.json.JsonWriterSettings;
import org.bson.types.Binary;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps owed jobs in the documents that owe them, in the array {@value #FIELD}: {@code {jobId, type, payload, at}}. Put an
 * {@link #entry} into the write that makes the job necessary, an insert or a {@code $push}; then enqueue the job
 * ({@link io.github.scalingtoolkit.queue.Outbox#enqueue}).
 *
 * <p>A page has about 8 MB of payloads at most, and at least one document. An entry that is from the future by more than the
 * age that is asked for, and than 10 minutes, is returned as well: a clock was set back since it was made.
 *
 * <p>A document that is deleted owes nothing any more. All ids of the documents must be of one BSON type. Safe for use by
 * several threads; each method but {@link #entry} takes one round trip or two, and throws what the driver throws.
 */
public final class MongoOutbox implements OutboxStore {
  /** The array in a document. */
  public static final String FIELD = "outbox";

  private static final Logger log = LoggerFactory.getLogger(MongoOutbox.class);
  private static final String ID = "_id";
  private static final String JOB_ID = "jobId";
  private static final String TYPE = "type";
  private static final String PAYLOAD = "payload";
  private static final String AT = "at";

  /** Of payloads in a page: a page is in memory at once. */
  private static final long MOST_BYTES = 8 << 20;

  /** No clock of two processes that are well differs by as much. */
  private static final Duration FUTURE = Duration.ofMinutes(10);

  private final MongoCollection<Document> documents;
  private final Clock clock;
  private final Once damaged = new Once();
  private final Once newer = new Once();

  private MongoOutbox(MongoCollection<Document> documents, Clock clock) {
    this.documents = Objects.requireNonNull(documents);
    this.clock = clock;
  }

  /** Finds entries in {@code documents}. No round trip. */
  public static MongoOutbox in(MongoCollection<Document> documents) {
    return in(documents, Clock.system());
  }

  /** As {@link #in(MongoCollection)}, with another clock for the age of entries. */
  public static MongoOutbox in(MongoCollection<Document> documents, Clock clock) {
    return new MongoOutbox(documents, clock);
  }

  /** Makes the indexes that sweeps and removals need, unless they are there. Two round trips. */
  public void createIndexes() {
    // Only documents that owe something are in them.
    documents.createIndex(
        Indexes.ascending(FIELD + "." + AT), new IndexOptions().sparse(true).background(true));
    documents.createIndex(
        Indexes.ascending(FIELD + "." + JOB_ID), new IndexOptions().sparse(true).background(true));
  }

  /**
   * Returns the entry of a job for the array {@value #FIELD} of the document that owes it.
   *
   * @throws IllegalArgumentException if its options give no id
   * @throws QueueException if its payload cannot be written
   */
  public Document entry(NewJob<?> job) {
    JobId id = job.options()
        .id()
        .orElseThrow(() ->
            new IllegalArgumentException("an owed job needs an id: options.id(JobId.random())"));
    return new Document(JOB_ID, id.value())
        .append(TYPE, job.type().name())
        .append(PAYLOAD, new Binary(job.toBytes()))
        .append(AT, new Date(clock.millis()));
  }

  @Override
  public OutboxPage owed(Duration age, int most, @Nullable String after) {
    Page page = new Page(clock.millis(), age.toMillis());
    int documentsRead = 0;
    @Nullable Object last = null;
    try (MongoCursor<Document> found = documents
        .find(after == null ? page.filter() : Filters.and(page.filter(), behind(after)))
        .projection(Projections.include(FIELD))
        .sort(Sorts.ascending(ID))
        .limit(most)
        .cursor()) {
      while (found.hasNext() && page.bytes < MOST_BYTES) {
        Document document = found.next();
        page.add(document);
        last = document.get(ID);
        documentsRead++;
      }
      boolean whole = documentsRead < most && !found.hasNext();
      return new OutboxPage(page.jobs, page.unreadable, page.oldest(), whole ? null : cursor(last));
    }
  }

  private static Bson behind(String after) {
    return new BsonDocument(
        ID, new BsonDocument("$gt", BsonDocument.parse(after).get(ID)));
  }

  /** What is read of a page so far. */
  private final class Page {
    private final List<NewJob<?>> jobs = new ArrayList<>();
    private final long now;
    private final Date before;
    private final @Nullable Date behind;
    private int unreadable;
    private long bytes;
    private long longest;

    Page(long now, long age) {
      this.now = now;
      before = new Date(now - age);
      // A clock was set back: who knows how old it is.
      behind = age < 0 ? null : new Date(now + Math.max(age, FUTURE.toMillis()));
    }

    Bson filter() {
      Bson old = Filters.lt(FIELD + "." + AT, before);
      return behind == null ? old : Filters.or(old, Filters.gt(FIELD + "." + AT, behind));
    }

    void add(Document document) {
      if (document.get(FIELD) instanceof List<?> entries) {
        for (Object entry : entries) {
          Date at = entry instanceof Document owed && owed.get(AT) instanceof Date is ? is : null;
          if (at == null || at.before(before) || behind != null && at.after(behind)) {
            longest = Math.max(longest, at == null ? 0 : now - at.getTime());
            NewJob<?> job = read(entry, document);
            if (job == null) {
              unreadable++;
            } else {
              jobs.add(job);
              bytes += ((Document) entry).get(PAYLOAD, Binary.class).length();
            }
          }
        }
      }
    }

    Duration oldest() {
      return Duration.ofMillis(longest);
    }
  }

  /** Only the collection's codecs know how its ids are written, a UUID, say; and a long must stay one. */
  private String cursor(@Nullable Object id) {
    return new Document(ID, id)
        .toBsonDocument(Document.class, documents.getCodecRegistry())
        .toJson(JsonWriterSettings.builder().outputMode(JsonMode.EXTENDED).build());
  }

  /** Returns the job of an entry; null if it cannot be read. */
  private @Nullable NewJob<?> read(Object entry, Document document) {
    try {
      Document owed = (Document) entry;
      Objects.requireNonNull(owed.getDate(AT));
      return NewJob.of(
          new JobId(owed.getString(JOB_ID)), owed.get(PAYLOAD, Binary.class).getData());
    } catch (QueueException ofANewerProcess) {
      newer.tell(() -> log.warn(
          "collection={} document={} outbox=newer cause=\"{}\" action=\"leave the entry alone, and update this process\"",
          documents.getNamespace(),
          document.get(ID),
          ofANewerProcess.getMessage()));
    } catch (ClassCastException | IllegalArgumentException | NullPointerException notAnEntry) {
      damaged.tell(() -> log.warn(
          "collection={} document={} outbox=damaged action=\"what is in its array outbox is no entry: remove it\"",
          documents.getNamespace(),
          document.get(ID)));
    }
    return null;
  }

  @Override
  public void remove(Collection<JobId> jobs) {
    if (jobs.isEmpty()) {
      return;
    }
    List<String> ids = jobs.stream().map(JobId::value).toList();
    Bson owing = Filters.in(FIELD + "." + JOB_ID, ids);
    long alone = documents
        .updateMany(Filters.and(owing, Filters.size(FIELD, 1)), Updates.unset(FIELD))
        .getMatchedCount();
    if (alone < ids.size()) {
      documents.updateMany(
          owing, Updates.pull(FIELD, new Document(JOB_ID, new Document("$in", ids))));
    }
  }
}
