package io.github.scalingtoolkit.queue.cli;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.DeadLetter;
import io.github.scalingtoolkit.queue.JobFailure;
import io.github.scalingtoolkit.queue.JobHistory;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.JobState;
import io.github.scalingtoolkit.queue.ListedJob;
import io.github.scalingtoolkit.queue.MissedRuns;
import io.github.scalingtoolkit.queue.QueueException;
import io.github.scalingtoolkit.queue.QueueInspector;
import io.github.scalingtoolkit.queue.QueueOverview;
import io.github.scalingtoolkit.queue.ScheduleSnapshot;
import io.github.scalingtoolkit.queue.Schedules;
import io.github.scalingtoolkit.queue.WorkerSnapshot;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Operates a queue from a terminal. Ends with 0; with 1 if a job is in no state for what was asked, or Redis does not
 * answer; with 2 if the command line is wrong. Prints no payload.
 */
public final class QueueCli {
  /** What the commands are. */
  public static final String COMMANDS = """
      status                       counts, latency, throughput, workers
      watch [--every 2s] [--times N]
                                   the same, a line each time
      workers                      each worker and what it handles
      list STATE [--skip N] [--most N]
                                   jobs that are waiting, delayed, active, dead or ended
      show ID                      all of a job but its payload
      retry ID…|--all              runs dead jobs again
      discard ID…                  drops dead jobs
      cancel ID…                   ends jobs that have not ended
      remove ID…                   forgets jobs that are not active
      promote ID…                  makes delayed jobs ready now
      schedule ID TIME             makes a job ready then: 2027-01-31T08:00:00Z
      schedules [--skip N] [--most N]
                                   what is enqueued again and again
      schedules pause|resume|remove ID…
                                   changes these
      pause, resume                stops workers from claiming jobs, and lets them again
      drain --yes                  ends all waiting jobs
      """;

  private static final String USAGE = "usage: COMMAND [ID…] --queue NAME [--redis URL]\n\n"
      + COMMANDS + "\nRedis is --redis, else REDIS_URL, else redis://localhost:6379.";
  private static final int FAILED = 1;
  private static final int WRONG = 2;
  private static final int PAGE = 1000;
  private static final int ANY = Integer.MAX_VALUE;

  private final RedisAccess redis;
  private final QueueInspector inspector;
  private final Schedules schedules;
  private final String queue;
  private final Arguments arguments;
  private final PrintStream out;
  private final PrintStream err;

  private QueueCli(
      RedisAccess redis,
      QueueInspector inspector,
      Schedules schedules,
      String queue,
      Arguments arguments,
      PrintStream out,
      PrintStream err) {
    this.redis = redis;
    this.inspector = inspector;
    this.schedules = schedules;
    this.queue = queue;
    this.arguments = arguments;
    this.out = out;
    this.err = err;
  }

  /** Runs the command, and ends the JVM. */
  public static void main(String[] args) {
    System.exit(run(args, System.getenv("REDIS_URL"), System.out, System.err));
  }

  /** Runs the command on the Redis that it names, else {@code redisUrl}. */
  static int run(String[] args, @Nullable String redisUrl, PrintStream out, PrintStream err) {
    if (isHelp(args)) {
      out.println(USAGE);
      return 0;
    }
    try {
      Arguments arguments = Arguments.read(List.of(args));
      String url = arguments
          .option("redis")
          .orElse(redisUrl == null || redisUrl.isEmpty() ? "redis://localhost:6379" : redisUrl);
      String queue = arguments
          .option("queue")
          .orElseThrow(() -> new Arguments.WrongException("--queue NAME is missing"));
      try (RedisAccess redis =
          RedisAccess.builder(url).deadline(Duration.ofSeconds(5)).build()) {
        return run(arguments, redis, queue, out, err);
      }
    } catch (Arguments.WrongException | IllegalArgumentException wrong) {
      return wrong(wrong, err, USAGE);
    }
  }

  /**
   * Runs the command on {@code redis}, and on {@code queue} unless it names another.
   *
   * @param args the command and what belongs to it
   * @return the exit code
   */
  public static int run(
      String[] args, RedisAccess redis, String queue, PrintStream out, PrintStream err) {
    String usage = "usage: COMMAND [ID…] [--queue NAME]\n\n" + COMMANDS;
    if (isHelp(args)) {
      out.println(usage);
      return 0;
    }
    try {
      Arguments arguments = Arguments.read(List.of(args));
      if (arguments.flag("redis")) {
        throw new Arguments.WrongException("--redis cannot be given here: the settings name it");
      }
      return run(arguments, redis, arguments.option("queue").orElse(queue), out, err);
    } catch (Arguments.WrongException | IllegalArgumentException wrong) {
      return wrong(wrong, err, usage);
    }
  }

  private static boolean isHelp(String[] args) {
    return Arrays.stream(args).anyMatch(Set.of("-h", "--help", "help")::contains);
  }

  private static int wrong(RuntimeException wrong, PrintStream err, String usage) {
    err.println(wrong.getMessage() + "\n" + usage);
    return WRONG;
  }

  private static int run(
      Arguments arguments, RedisAccess redis, String name, PrintStream out, PrintStream err) {
    try {
      QueueInspector inspector = QueueInspector.of(redis, name);
      return new QueueCli(redis, inspector, Schedules.of(redis, name), name, arguments, out, err)
          .run();
    } catch (JedisException | RejectedException failure) {
      err.println(unserved(redis, failure));
      return FAILED;
    } catch (QueueException failure) {
      err.println(failure.getMessage());
      return FAILED;
    }
  }

  private static String unserved(RedisAccess redis, RuntimeException failure) {
    return "Redis " + redis.description() + " does not serve this: " + redis.explain(failure);
  }

  /** Returns the text without what a terminal would not show as it is. */
  static String printable(String text) {
    return text.replaceAll("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}\\x{80}-\\x{9f}]", "?");
  }

  private int run() {
    return switch (arguments.command()) {
      case "status" -> status();
      case "watch" -> watch();
      case "workers" -> workers();
      case "list" -> list();
      case "show" -> show();
      case "retry" -> retry();
      case "discard" -> each("discarded", "dead", inspector::discardDead);
      case "cancel" -> each("cancelled", "waiting, delayed or active", inspector::cancel);
      case "remove" -> each("removed", "known, or it is active", inspector::remove);
      case "promote" -> each("ready", "delayed", inspector::promote);
      case "schedule" -> schedule();
      case "schedules" -> schedules();
      case "pause" -> pause();
      case "resume" -> resume();
      case "drain" -> drain();
      default ->
        throw new Arguments.WrongException(
            "unknown command '" + printable(arguments.command()) + "'");
    };
  }

  private int status() {
    arguments.words(0, 0, "nothing");
    QueueOverview overview = inspector.overview();
    out.println("queue      " + printable(queue) + (overview.paused() ? "  PAUSED" : ""));
    out.println("waiting    " + overview.counts().waiting());
    new TreeMap<>(overview.waitingByType())
        .forEach((type, jobs) -> out.println("           " + type + " " + jobs));
    out.println("delayed    " + overview.counts().delayed());
    out.println("active     " + overview.counts().active());
    out.println("dead       " + overview.counts().dead());
    out.println("remembered " + overview.counts().ended());
    out.println("latency    " + seconds(overview.latency()));
    out.println("ended      " + rate(overview.endedPerSecond()));
    out.println("died       " + rate(overview.diedPerSecond()));
    out.println("workers    " + overview.workers() + ", " + overview.idleWorkers() + " idle");
    return 0;
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
  }

  private static String rate(double perSecond) {
    return String.format(Locale.ROOT, "%.2f/s in the last minute", perSecond);
  }

  private int watch() {
    arguments.words(0, 0, "nothing");
    Duration every = arguments.span("every", Duration.ofSeconds(2));
    int times = arguments.number("times", ANY, 1, ANY);
    int code = 0;
    // Who reads it may have gone.
    for (int i = 0; i < times && !Thread.interrupted() && !out.checkError(); i++) {
      if (i > 0) {
        LockSupport.parkNanos(every.toNanos());
      }
      code = look();
    }
    return code;
  }

  /** Prints a line for {@code watch}, which goes on after an outage. */
  private int look() {
    try {
      QueueOverview overview = inspector.overview();
      out.printf(
          Locale.ROOT,
          "%s waiting=%d delayed=%d active=%d dead=%d latency=%.1fs ended=%.2f/s died=%.2f/s workers=%d idle=%d%s%n",
          Instant.ofEpochMilli(System.currentTimeMillis()),
          overview.counts().waiting(),
          overview.counts().delayed(),
          overview.counts().active(),
          overview.counts().dead(),
          overview.latency().toMillis() / 1000.0,
          overview.endedPerSecond(),
          overview.diedPerSecond(),
          overview.workers(),
          overview.idleWorkers(),
          overview.paused() ? " PAUSED" : "");
      return 0;
    } catch (JedisException | RejectedException failure) {
      err.println(unserved(redis, failure) + "; watches on");
      return FAILED;
    }
  }

  private int workers() {
    arguments.words(0, 0, "nothing");
    for (WorkerSnapshot worker : inspector.workers()) {
      out.printf(
          "%s  jobs=%d%s  lease until %s  %s%n",
          printable(worker.name()),
          worker.jobs(),
          worker.idle() ? " idle" : "",
          worker.leaseEnds(),
          printable(String.join(" ", worker.types())));
    }
    return 0;
  }

  private int list() {
    String state = arguments.words(1, 1, "a state").get(0);
    int skip = arguments.number("skip", 0, 0, ANY);
    int most = arguments.number("most", 50, 1, PAGE);
    JobState asked = switch (state) {
      case "waiting" -> JobState.WAITING;
      case "delayed", "retry" -> JobState.DELAYED;
      case "active" -> JobState.ACTIVE;
      case "dead" -> JobState.DEAD;
      case "ended", "completed", "cancelled" -> JobState.COMPLETED;
      default ->
        throw new Arguments.WrongException(
            "list takes waiting, delayed, active, dead or ended but got '" + printable(state)
                + "'");
    };
    if (asked == JobState.DEAD) {
      for (DeadLetter dead : inspector.dead(skip, most)) {
        out.printf(
            "%s  %s  %s  attempts=%d  %s  %s%n",
            dead.id(),
            printable(dead.type()),
            dead.diedAt(),
            dead.attempts(),
            dead.cause().name().toLowerCase(Locale.ROOT),
            printable(dead.reason()));
      }
      return 0;
    }
    for (ListedJob job : inspector.list(asked, skip, most)) {
      out.printf(
          "%s  %s%s  %s%s%n",
          job.id(),
          job.type().isEmpty() ? "" : printable(job.type()) + "  ",
          name(job.state()),
          job.at().map(Instant::toString).orElse(""),
          job.failedRuns() > 0 ? "  failed=" + job.failedRuns() : "");
    }
    return 0;
  }

  private static String name(JobState state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  private int show() {
    JobId id = new JobId(arguments.words(1, 1, "an id").get(0));
    JobHistory job = inspector.history(id).orElse(null);
    if (job == null) {
      err.println("job " + id + " is not known: it never was, or has been forgotten");
      return FAILED;
    }
    out.println("id         " + id);
    out.println("state      " + name(job.snapshot().state()));
    line("note       ", job.snapshot().note());
    if (!job.type().isEmpty()) {
      out.println("type       " + printable(job.type()) + " v" + job.version());
      out.println("priority   " + job.priority());
      out.println("payload    " + job.payloadBytes() + " bytes");
    }
    out.println("attempts   " + job.snapshot().attempts()
        + (job.maxAttempts() > 0 ? " of " + job.maxAttempts() : ""));
    job.enqueuedAt().ifPresent(at -> out.println("enqueued   " + at));
    job.due().ifPresent(at -> out.println("due        " + at));
    job.deadline().ifPresent(at -> out.println("deadline   " + at));
    job.snapshot().endedAt().ifPresent(at -> out.println("ended      " + at));
    job.worker().ifPresent(worker -> out.println("worker     " + printable(worker)));
    new TreeMap<>(job.headers())
        .forEach((name, value) -> out.println("header     " + name + "=" + printable(value)));
    for (JobFailure failure : job.failures()) {
      out.println("failed     attempt " + failure.attempt() + " at " + failure.at() + ": "
          + printable(
              failure.error().isEmpty()
                  ? failure.message()
                  : failure.error() + ": " + failure.message()));
      failure.frames().forEach(frame -> out.println("             " + printable(frame)));
    }
    return 0;
  }

  private void line(String title, String text) {
    if (!text.isEmpty()) {
      out.println(title + printable(text));
    }
  }

  private int retry() {
    if (!arguments.flag("all")) {
      return each("retried", "dead, or it is damaged", inspector::retryDead);
    }
    arguments.words(0, 0, "ids or --all");
    long retried = 0;
    long damaged = 0;
    int skip = 0;
    // Those that die again meanwhile are not retried again.
    Set<JobId> tried = new HashSet<>();
    List<DeadLetter> page;
    do {
      page = inspector.dead(skip, PAGE);
      boolean gone = false;
      for (DeadLetter dead : page) {
        if (!tried.add(dead.id())) {
          continue;
        }
        if (inspector.retryDead(dead.id())) {
          retried++;
          gone = true;
        } else {
          damaged++;
        }
      }
      // What was retried made room in its page. If it died again it came back in front of it.
      skip += gone ? 0 : page.size();
    } while (!page.isEmpty());
    out.println(retried + " retried" + (damaged > 0 ? ", " + damaged + " damaged" : ""));
    return 0;
  }

  /** Does it to each id, and says which were in no state for it. */
  private int each(String done, String state, Predicate<JobId> action) {
    List<JobId> ids =
        arguments.words(1, PAGE, "an id or several").stream().map(JobId::new).toList();
    int code = 0;
    for (JobId id : ids) {
      if (action.test(id)) {
        out.println(id + " " + done);
      } else {
        err.println("job " + id + " is not " + state);
        code = FAILED;
      }
    }
    return code;
  }

  private int schedule() {
    List<String> words = arguments.words(2, 2, "an id and a time");
    JobId id = new JobId(words.get(0));
    Instant time = Arguments.time(words.get(1));
    if (inspector.schedule(id, time)) {
      out.println(id + " is ready at " + time);
      return 0;
    }
    err.println("job " + id + " is not waiting or delayed");
    return FAILED;
  }

  private int schedules() {
    List<String> words = arguments.words(0, PAGE, "nothing, or pause, resume or remove and ids");
    if (words.isEmpty()) {
      return listSchedules();
    }
    Predicate<String> action = switch (words.get(0)) {
      case "pause" -> schedules::pause;
      case "resume" -> schedules::resume;
      case "remove" -> schedules::remove;
      default ->
        throw new Arguments.WrongException(
            "schedules takes pause, resume or remove but got '" + printable(words.get(0)) + "'");
    };
    if (words.size() == 1) {
      throw new Arguments.WrongException("schedules " + words.get(0) + " takes an id or several");
    }
    int code = 0;
    for (String id : words.subList(1, words.size())) {
      if (action.test(id)) {
        out.println(printable(id) + " " + words.get(0) + "d");
      } else {
        err.println("schedule " + printable(id) + " is not known"
            + (words.get(0).equals("remove") ? "" : ", or is " + words.get(0) + "d already"));
        code = FAILED;
      }
    }
    return code;
  }

  private int listSchedules() {
    int skip = arguments.number("skip", 0, 0, ANY);
    int most = arguments.number("most", 50, 1, PAGE);
    for (ScheduleSnapshot schedule : schedules.list(skip, most)) {
      out.printf(
          "%s  %s  %s  %s  missed=%s%s%n",
          printable(schedule.id()),
          printable(schedule.type()),
          schedule.timing().map(timing -> printable(timing.toString())).orElse("unreadable"),
          schedule.next().map(next -> "next " + next).orElse("PAUSED"),
          schedule.missed().map(MissedRuns::toString).orElse("unreadable"),
          schedule.lastJob().map(job -> "  last " + job).orElse(""));
    }
    return 0;
  }

  private int pause() {
    arguments.words(0, 0, "nothing");
    inspector.pause();
    out.println(printable(queue) + " is paused");
    return 0;
  }

  private int resume() {
    arguments.words(0, 0, "nothing");
    inspector.resume();
    out.println(printable(queue) + " is resumed");
    return 0;
  }

  private int drain() {
    arguments.words(0, 0, "nothing");
    if (!arguments.flag("yes")) {
      throw new Arguments.WrongException(
          "drain ends all waiting jobs of " + printable(queue) + ": add --yes to do it");
    }
    out.println("drains " + printable(queue));
    out.println(inspector.drain() + " jobs cancelled");
    return 0;
  }
}
