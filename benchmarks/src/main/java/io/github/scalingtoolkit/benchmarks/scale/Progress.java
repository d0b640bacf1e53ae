package io.github.scalingtoolkit.benchmarks.scale;

import java.util.List;
import java.util.Locale;

/** Tells how far a session is, and about how long it will take: by what the parts were expected to take and did. */
final class Progress {
  private final List<GroupPlan> plans;
  private final long began = System.nanoTime();
  private double done;
  private int group;

  Progress(List<GroupPlan> plans) {
    this.plans = plans;
  }

  /** The next group begins. */
  void nextGroup() {
    done = secondsOf(group);
    group++;
    say(plans.get(group - 1).title() + ": starting "
        + plans.get(group - 1).contenders().size() + " rows, about "
        + plans.get(group - 1).needMiB() + " MiB");
  }

  /** A part of the group that was expected to take {@code seconds} is done. */
  void done(double seconds) {
    done = Math.min(done + seconds, secondsOf(group));
  }

  /** Says what is done now. */
  void say(String what) {
    double planned = secondsOf(plans.size());
    double elapsed = (System.nanoTime() - began) / 1e9;
    // What was slower than expected will go on to be.
    double pace = done < 30 ? 1 : Math.max(0.3, Math.min(3, elapsed / done));
    System.out.printf(
        Locale.ROOT,
        "group %d of %d, about %.0f min left: %s%n",
        group,
        plans.size(),
        Math.ceil((planned - done) * pace / 60),
        what);
  }

  private double secondsOf(int groups) {
    return plans.subList(0, groups).stream().mapToDouble(GroupPlan::seconds).sum();
  }
}
