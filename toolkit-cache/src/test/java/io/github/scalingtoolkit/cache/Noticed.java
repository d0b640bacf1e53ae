package io.github.scalingtoolkit.cache;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A listener that keeps the problems it is told of. */
final class Noticed implements CacheListener {
  private final List<CacheProblem> problems = new CopyOnWriteArrayList<>();

  @Override
  public void onProblem(CacheProblem problem) {
    problems.add(problem);
  }

  List<CacheProblem> problems() {
    return problems;
  }
}
