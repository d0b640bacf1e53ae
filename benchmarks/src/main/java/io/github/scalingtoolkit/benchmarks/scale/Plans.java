package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.report.Cache;
import io.github.scalingtoolkit.benchmarks.report.Group.Topic;
import io.github.scalingtoolkit.benchmarks.report.Row;
import io.github.scalingtoolkit.benchmarks.report.Scenario;
import io.github.scalingtoolkit.benchmarks.scale.GroupPlan.Timing;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The groups of each kind of session. */
final class Plans {
  /** The tutorial's application. */
  static final String EXPRESS = "express";

  private static final int CLUSTER = 4;
  private static final int REPLICAS = 3;
  private static final int BALANCED = 2;
  private static final int MOST_PROCESSES = 6;
  private static final Set<Scenario> ALL = EnumSet.allOf(Scenario.class);
  private static final Set<Scenario> READS = EnumSet.of(Scenario.LIST, Scenario.HEALTH);
  private static final List<Scenario> LIST_AND_HEALTH = List.of(Scenario.LIST, Scenario.HEALTH);

  private final SessionContext context;
  private final Timing timing;
  private Service.@Nullable Replicas replicas;

  Plans(SessionContext context, Timing timing) {
    this.context = context;
    this.timing = timing;
  }

  /** The nine set-ups with quotas, Express and the floor beside them. */
  List<GroupPlan> quick() {
    return setUps(true, false);
  }

  /** Set-ups with and without quotas, scale-out, and the peers of {@code names}. */
  List<GroupPlan> publish(List<String> names) {
    List<GroupPlan> plans = new ArrayList<>(setUps(true, true));
    plans.addAll(setUps(false, true));
    plans.add(scaleOut());
    plans.add(peers(names));
    return plans;
  }

  /** One process, Express and the floor, or the rows named, as short as can be. */
  List<GroupPlan> smoke(List<Row> rows) {
    List<Contender> all = new ArrayList<>(List.of(single(Cache.L1_L2), express(), floor()));
    for (Contender several :
        List.of(cluster(CLUSTER / 2, Cache.L1_L2), nginx(), pods(Cache.L1_L2))) {
      all.add(several.askedOnly(READS));
    }
    List<Contender> chosen =
        all.stream().filter(contender -> rows.contains(contender.row())).toList();
    return List.of(new GroupPlan(
        "smoke",
        Topic.SET_UPS,
        "smoke",
        chosen,
        List.of(Scenario.LIST, Scenario.HEALTH, Scenario.CREATE),
        true,
        false,
        false,
        timing));
  }

  /** The pairs whose ratios have a goal. */
  List<GroupPlan> ratios() {
    return List.of(
        new GroupPlan(
            "ratio-list",
            Topic.RATIO,
            "Ratios: list and health",
            List.of(single(Cache.L1_L2), express(), floor()),
            LIST_AND_HEALTH,
            false,
            false,
            false,
            timing),
        new GroupPlan(
            "ratio-create",
            Topic.RATIO,
            "Ratios: create",
            List.of(single(Cache.L1_L2), express()),
            List.of(Scenario.CREATE),
            false,
            false,
            false,
            timing),
        new GroupPlan(
            "ratio-balancer",
            Topic.RATIO,
            "Ratios: balancer",
            List.of(cluster(BALANCED, Cache.L1_L2), nginx()),
            List.of(Scenario.LIST),
            false,
            false,
            false,
            timing));
  }

  private List<GroupPlan> setUps(boolean quotas, boolean waits) {
    List<GroupPlan> plans = new ArrayList<>();
    int number = quotas ? 1 : 4;
    for (Cache cache : List.of(Cache.L1_L2, Cache.L2, Cache.OFF)) {
      List<Contender> contenders = new ArrayList<>(List.of(single(Cache.L1_L2)));
      if (cache != Cache.L1_L2) {
        contenders.add(single(cache));
      }
      contenders.addAll(List.of(cluster(CLUSTER, cache), pods(cache)));
      if (cache == Cache.L1_L2) {
        contenders.addAll(List.of(express(), floor()));
      }
      plans.add(new GroupPlan(
          number++ + "-set-ups-" + cache.name().toLowerCase(Locale.ROOT) + (quotas ? "" : "-free"),
          Topic.SET_UPS,
          "Set-ups, cache " + cache.word() + (quotas ? "" : ", without quotas"),
          contenders,
          LIST_AND_HEALTH,
          quotas,
          waits,
          quotas && cache == Cache.L1_L2,
          timing));
    }
    return plans;
  }

  private GroupPlan scaleOut() {
    List<Contender> contenders = new ArrayList<>();
    for (int count = 1; count <= MOST_PROCESSES; count++) {
      int processes = count;
      contenders.add(new Contender(
          Row.processes(count),
          Cache.L1_L2,
          count == 1 ? MOST_PROCESSES : 0,
          count == MOST_PROCESSES ? MOST_PROCESSES : 1,
          Set.of(Scenario.LIST),
          (database, running) -> firstOf(processes, database)));
    }
    return new GroupPlan(
        "7-scale-out",
        Topic.SCALE_OUT,
        "Scale-out",
        contenders,
        List.of(Scenario.LIST),
        true,
        false,
        false,
        timing);
  }

  /** All rows of the scale-out share six processes: the row of N uses the first N. The row of one starts and ends them. */
  private Target firstOf(int processes, String database)
      throws IOException, InterruptedException, NotRunException {
    if (processes == 1) {
      replicas =
          context.service.startReplicas(MOST_PROCESSES, Cache.L1_L2, database, context.pods());
      return context.service.first(1, replicas, replicas.pods());
    }
    if (replicas == null) {
      throw new NotRunException("its processes were not started");
    }
    return context.service.first(processes, replicas, List.of());
  }

  private GroupPlan peers(List<String> names) {
    List<Contender> contenders = new ArrayList<>(List.of(single(Cache.L1_L2)));
    names.forEach(name -> contenders.add(peer(name)));
    contenders.add(floor());
    return new GroupPlan(
        "8-peers",
        Topic.PEERS,
        "Beside the peers",
        contenders,
        List.of(Scenario.values()),
        false,
        false,
        false,
        timing);
  }

  private Contender single(Cache cache) {
    return new Contender(
        Row.SINGLE,
        cache,
        1,
        1,
        ALL,
        (database, running) -> context.service.single(cache, database));
  }

  private Contender cluster(int workers, Cache cache) {
    return new Contender(
        Row.CLUSTER,
        cache,
        workers + 1,
        workers,
        ALL,
        (database, running) -> context.service.cluster(workers, cache, database));
  }

  private Contender nginx() {
    return new Contender(
        Row.NGINX,
        Cache.L1_L2,
        BALANCED,
        BALANCED,
        ALL,
        (database, running) ->
            context.service.behind(context.nginx, BALANCED, Cache.L1_L2, database));
  }

  private Contender pods(Cache cache) {
    return new Contender(
        Row.K8S_SHAPE,
        cache,
        REPLICAS,
        REPLICAS,
        ALL,
        (database, running) -> context.service.replicas(REPLICAS, cache, database, context.pods()));
  }

  private Contender express() {
    return peer(EXPRESS);
  }

  private Contender peer(String name) {
    Set<Scenario> scenarios;
    try {
      scenarios = Set.copyOf(context.peer(name).scenarios());
    } catch (NotRunException missing) {
      scenarios = READS;
    }
    return new Contender(
        new Row(name),
        Cache.OWN,
        1,
        1,
        scenarios,
        (database, running) -> context.startPeer(name, database));
  }

  /** It writes what the group's first row answers, so that both send the same bytes. */
  private Contender floor() {
    return new Contender(Row.FLOOR, Cache.NONE, 1, 1, READS, (database, running) -> {
      if (running.isEmpty()) {
        throw new NotRunException("there is no row whose answers it could write");
      }
      context.floor.learn(running.get(0));
      return context.floor.start();
    });
  }
}
