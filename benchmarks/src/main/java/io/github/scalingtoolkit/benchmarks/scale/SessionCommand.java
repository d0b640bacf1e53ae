package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.UsageException;
import io.github.scalingtoolkit.benchmarks.report.Environment;
import io.github.scalingtoolkit.benchmarks.report.Group;
import io.github.scalingtoolkit.benchmarks.report.Page;
import io.github.scalingtoolkit.benchmarks.report.Row;
import io.github.scalingtoolkit.benchmarks.scale.GroupPlan.Timing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code quick}, {@code publish}, {@code ratios} and {@code smoke}: groups of rows, one after the other. */
public final class SessionCommand {
  private static final List<Row> SMOKED = List.of(Row.SINGLE, new Row(Plans.EXPRESS), Row.FLOOR);

  private static final List<Row> CAN_BE_SMOKED =
      List.of(Row.SINGLE, new Row(Plans.EXPRESS), Row.FLOOR, Row.CLUSTER, Row.NGINX, Row.K8S_SHAPE);

  private final Kind kind;
  private final SessionContext context;
  private final Environment environment;
  private final Path out;
  private final boolean afresh;
  private @Nullable CpuQuotas quotas;
  private String noQuotas = "";

  /** Which session. */
  public enum Kind {
    /** A second: shows that rows start and answer correctly. Its figures mean nothing. */
    SMOKE(new Timing(1, 2, Duration.ofMillis(300), Duration.ofMillis(400), 1, 8)),
    /** The nine set-ups, within a quarter of an hour. */
    QUICK(new Timing(1, 10, Duration.ofMillis(1600), Duration.ofMillis(3500), 4, 32)),
    /** Whatever there is. */
    PUBLISH(new Timing(1, 15, Duration.ofSeconds(2), Duration.ofSeconds(7), 4, 32)),
    /** The pairs whose ratios have a goal. */
    RATIOS(new Timing(5, 8, Duration.ofSeconds(2), Duration.ofSeconds(12), 4, 32));

    private final Timing timing;

    Kind(Timing timing) {
      this.timing = timing;
    }

    Timing timing() {
      return timing;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private SessionCommand(
      Kind kind, SessionContext context, Environment environment, Path out, boolean afresh) {
    this.kind = kind;
    this.context = context;
    this.environment = environment;
    this.out = out;
    this.afresh = afresh;
  }

  /** Runs it, writes what it measured to {@code --out}, and returns 0, or 1 if it could not be run at all. */
  public static int run(Kind kind, List<String> words) throws IOException, InterruptedException {
    Set<String> options =
        new HashSet<>(Set.of("--out", "--only", "--rounds", "--rotations", "--millis", "--warm"));
    if (kind == Kind.SMOKE) {
      options.add("--rows");
    }
    Arguments arguments = Arguments.parse(words, options, Set.of("--afresh")).withoutPlain();
    List<Row> rows = arguments.has("--rows")
        ? List.of(arguments.text("--rows", "").split(",")).stream()
            .map(Row::new)
            .toList()
        : SMOKED;
    if (!CAN_BE_SMOKED.containsAll(rows)) {
      throw new UsageException("--rows must be of " + CAN_BE_SMOKED + " but was " + rows);
    }
    Timing usual = kind.timing;
    Timing timing = new Timing(
        arguments.integer("--rounds", usual.rounds(), 1, 100),
        arguments.integer("--rotations", usual.rotations(), 2, 1000),
        Duration.ofMillis(
            arguments.integer("--millis", Math.toIntExact(usual.slice().toMillis()), 100, 60_000)),
        Duration.ofMillis(
            arguments.integer("--warm", Math.toIntExact(usual.warm().toMillis()), 100, 600_000)),
        usual.mostWarm(),
        usual.connections());
    List<String> only =
        arguments.has("--only") ? List.of(arguments.text("--only", "").split(",")) : List.of();
    List<String> again = new ArrayList<>(List.of(kind.word()));
    again.addAll(words);
    List<String> peers = kind == Kind.PUBLISH ? peers() : List.of(Plans.EXPRESS);
    return SessionContext.run(again, peers, context -> {
      Plans plans = new Plans(context, timing);
      List<GroupPlan> all = switch (kind) {
        case SMOKE -> plans.smoke(rows);
        case QUICK -> plans.quick();
        case PUBLISH -> plans.publish(peers);
        case RATIOS -> plans.ratios();
      };
      Path out = Path.of(arguments.text(
          "--out",
          context
              .artifacts
              .top()
              .resolve("benchmarks/target/results/" + kind.word())
              .toString()));
      boolean resumes = kind == Kind.PUBLISH && !arguments.has("--afresh");
      return new SessionCommand(
              kind,
              context,
              HostInfo.of(context.artifacts, String.join(" ", again).strip(), context.stores),
              out,
              !resumes)
          .run(chosen(all, only));
    });
  }

  private static List<String> peers() throws IOException {
    try {
      return Peer.all(Artifacts.find().peers()).stream().map(Peer::name).toList();
    } catch (NotRunException said) {
      // The session will say it.
      return List.of();
    }
  }

  private static List<GroupPlan> chosen(List<GroupPlan> all, List<String> only) {
    List<String> names = all.stream().map(GroupPlan::name).toList();
    if (!names.containsAll(only)) {
      throw new UsageException("--only must be of " + names + " but was " + only);
    }
    return only.isEmpty()
        ? all
        : all.stream().filter(plan -> only.contains(plan.name())).toList();
  }

  private int run(List<GroupPlan> all) throws IOException, InterruptedException {
    List<String> broken = context.brokenByService();
    if (!broken.isEmpty()) {
      broken.forEach(what -> System.err.println("the service breaks: " + what));
      return 1;
    }
    Path data = Files.createDirectories(out.resolve(Page.RAW));
    List<GroupPlan> plans = new ArrayList<>();
    for (GroupPlan plan : all) {
      if (isDone(plan, data)) {
        System.out.println("done before: " + plan.title());
      } else {
        plans.add(plan);
      }
    }
    openQuotas();
    Progress progress = new Progress(plans);
    for (GroupPlan plan : plans) {
      progress.nextGroup();
      run(plan, data, progress);
      Page.write(out);
    }
    Page.write(out);
    System.out.println("written: " + out.resolve(Page.NAME));
    return 0;
  }

  private void run(GroupPlan planned, Path data, Progress progress)
      throws IOException, InterruptedException {
    GroupPlan plan = planned;
    if (kind == Kind.SMOKE && plan.quotas() && quotas == null) {
      System.out.println("NOT RUN  quotas: " + noQuotas);
      plan = plan.withoutQuotas();
    }
    Group empty = empty(plan);
    if (plan.quotas() && quotas == null) {
      for (Contender contender : plan.contenders()) {
        for (var scenario : plan.scenarios()) {
          if (contender.scenarios().contains(scenario)) {
            empty = empty.without(contender.cell(scenario), noQuotas);
          }
        }
      }
      System.out.println("NOT RUN  " + plan.title() + ": " + noQuotas);
      empty.completed().write(data);
      return;
    }
    new GroupRun(plan, context.stores, context.children, quotas, data, progress, empty).run();
  }

  private Group empty(GroupPlan plan) throws IOException {
    Contender reference = plan.contenders().get(0);
    Group empty = new Group(
        plan.name(),
        plan.topic(),
        plan.title(),
        environment,
        plan.quota(quotas == null ? "not permitted" : quotas.how()),
        reference.row(),
        reference.cache(),
        plan.timing().rounds(),
        plan.timing().rotations(),
        plan.timing().slice().toMillis() / 1e3,
        plan.timing().connections(),
        plan.needMiB(),
        false,
        List.of(),
        List.of(),
        List.of(),
        List.of());
    for (Contender contender : plan.contenders()) {
      try {
        Peer peer = context.peer(contender.row().name());
        String pinned = peer.pinned();
        empty = empty.with(new Group.Remark(
            peer.row(),
            pinned.isEmpty() ? peer.title() : peer.title() + " (" + pinned + ")",
            peer.remarks()));
      } catch (NotRunException noPeer) {
        // One of ours, or it will say so when it is started.
      }
    }
    return empty;
  }

  /** Also for groups without quotas: what is in a control group is ended by the next session if this one is killed. */
  private void openQuotas() throws InterruptedException {
    try {
      CpuQuotas opened = CpuQuotas.open();
      context.children.afterEnd(opened::close);
      quotas = opened;
    } catch (NotRunException refused) {
      noQuotas = String.valueOf(refused.getMessage());
    }
  }

  /** Tells whether a session before this one has measured it, of the same commit and in the same way. */
  private boolean isDone(GroupPlan plan, Path data) throws IOException {
    Path file = Group.file(data, plan.name());
    if (afresh || !Files.exists(file)) {
      return false;
    }
    Group before = Group.read(file);
    return before.complete()
        && before.environment().commit().equals(environment.commit())
        && !before.environment().commit().endsWith("+")
        && before.rotations() == plan.timing().rotations()
        && before.rounds() == plan.timing().rounds()
        && before.sliceSeconds() == plan.timing().slice().toMillis() / 1e3;
  }
}
