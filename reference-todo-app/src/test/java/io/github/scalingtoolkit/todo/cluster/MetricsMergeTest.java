package io.github.scalingtoolkit.todo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MetricsMergeTest {
  @Test
  void keepsAMetricTogetherDescribesItOnceAndLabelsEverySample() {
    MetricsMerge merge = new MetricsMerge();
    merge.add("1", """
        # HELP a_total Some
        # TYPE a_total counter
        a_total{x="}"} 1.0
        # TYPE b gauge
        b 2.0
        """);
    merge.add("2", """
        # TYPE b gauge
        b 3.0
        # HELP a_total Some
        # TYPE a_total counter
        a_total{} 4.0
        # TYPE only_here gauge
        only_here NaN
        """);

    assertThat(merge.text()).isEqualTo("""
        # HELP a_total Some
        # TYPE a_total counter
        a_total{instance="1",x="}"} 1.0
        a_total{instance="2"} 4.0
        # TYPE b gauge
        b{instance="1"} 2.0
        b{instance="2"} 3.0
        # TYPE only_here gauge
        only_here{instance="2"} NaN
        """);
  }

  @Test
  void nothingIsNothing() {
    MetricsMerge merge = new MetricsMerge();
    merge.add("1", "");

    assertThat(merge.text()).isEmpty();
  }
}
