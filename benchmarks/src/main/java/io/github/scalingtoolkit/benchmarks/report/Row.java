package io.github.scalingtoolkit.benchmarks.report;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Set;

/**
 * Who answers: a set-up of this project's service, a peer, or the floor.
 *
 * @param name as reports write it; a peer's is that of its {@code peer.json}
 */
public record Row(String name) {
  /** One process of the service. */
  public static final Row SINGLE = new Row("single");
  /** Four processes under the service's own supervisor, which balances. */
  public static final Row CLUSTER = new Row("cluster");
  /** Three processes behind address translation, as kube-proxy does it. */
  public static final Row K8S_SHAPE = new Row("k8s-shape");
  /** Processes of the service behind nginx. */
  public static final Row NGINX = new Row("nginx");
  /** Raw Undertow that writes the service's answers. */
  public static final Row FLOOR = new Row("floor");

  private static final Set<Row> SET_UPS = Set.of(SINGLE, CLUSTER, K8S_SHAPE, NGINX);
  private static final String PROCESSES = "processes: ";

  /** Reads what {@link #name} writes. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Row of(String name) {
    return new Row(name);
  }

  /** Returns the row of {@code count} processes of the service behind address translation, for the scale-out. */
  public static Row processes(int count) {
    return new Row(PROCESSES + count);
  }

  /** Returns how many processes a row of {@link #processes} has; 0 for any other row. */
  public int processes() {
    return name.startsWith(PROCESSES) ? Integer.parseInt(name.substring(PROCESSES.length())) : 0;
  }

  /** Tells whether this project's service answers. */
  public boolean isOurs() {
    return SET_UPS.contains(this) || processes() > 0;
  }

  @Override
  @JsonValue
  public String name() {
    return name;
  }

  @Override
  public String toString() {
    return name;
  }
}
