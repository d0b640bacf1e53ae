package io.github.scalingtoolkit.benchmarks.report;

/**
 * What is measured: one scenario on one row.
 *
 * @param row who answers: single, cluster, nginx, k8s-shape, express or floor
 * @param cache off, L2, L1+L2; own for a peer, none where there is none
 * @param scenario health, list, create; or "list at half load" in the open model
 */
public record Cell(String row, String cache, String scenario) {
  @Override
  public String toString() {
    return row + ", cache " + cache + ", " + scenario;
  }
}
