package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.internal.Check;

/** Counts what becomes of the effects that another one runs. */
final class CountedRunOnce implements RunOnce {
  private final RunOnce once;
  private final Effects effects;

  CountedRunOnce(RunOnce once, Effects effects) {
    this.once = once;
    this.effects = effects;
  }

  /** Remembers how far it came. */
  private static final class Watched<E extends Exception> implements Action.Effect<E> {
    private final Action.Effect<E> effect;
    private boolean began;
    private boolean done;

    Watched(Action.Effect<E> effect) {
      this.effect = effect;
    }

    @Override
    public void run() throws E, InterruptedException {
      began = true;
      effect.run();
      done = true;
    }
  }

  @Override
  public <E extends Exception> boolean runOnce(JobId job, String name, Action.Effect<E> effect)
      throws E, InterruptedException {
    Check.name("an effect's name", name);
    Watched<E> watched = new Watched<>(effect);
    boolean ran;
    try {
      ran = once.runOnce(job, name, watched);
    } catch (Throwable failure) {
      if (watched.done) {
        effects.unrecorded(job, name, failure);
      } else {
        effects.ended(watched.began ? Effects.Outcome.FAILED : Effects.Outcome.UNREAD);
      }
      throw failure;
    }
    effects.ended(ran ? Effects.Outcome.RAN : Effects.Outcome.SKIPPED);
    return ran;
  }

  /** What is counted for the queue already is not counted twice. */
  @Override
  public RunOnce countedIn(JobQueue queue) {
    return queue.effects() == effects ? this : RunOnce.super.countedIn(queue);
  }

  @Override
  public void forget(JobId job) {
    once.forget(job);
  }
}
