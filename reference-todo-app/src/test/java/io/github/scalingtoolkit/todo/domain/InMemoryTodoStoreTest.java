package io.github.scalingtoolkit.todo.domain;

import io.github.scalingtoolkit.core.time.Clock;

class InMemoryTodoStoreTest extends TodoStoreContract {
  @Override
  protected TodoStore emptyStore(Clock clock) {
    return new InMemoryTodoStore(clock);
  }
}
