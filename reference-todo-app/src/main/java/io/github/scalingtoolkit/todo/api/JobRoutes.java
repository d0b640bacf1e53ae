package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.TodoJob;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.ProblemException;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.http.Router;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import io.github.scalingtoolkit.todo.jobs.Notifications.Known;
import io.github.scalingtoolkit.todo.jobs.Notifications.Status;
import io.github.scalingtoolkit.todo.todos.TodoReads;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.StatusCodes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** The state of a todo's notification, for its owner only. */
public final class JobRoutes {
  private final Gate gate;
  private final TodoReads reads;
  private final Notifications notifications;

  /** Answers from the outbox, by {@code reads}, and from the queue. */
  public JobRoutes(Gate gate, TodoReads reads, Notifications notifications) {
    this.gate = gate;
    this.reads = reads;
    this.notifications = notifications;
  }

  /** Returns the routes. */
  public List<Route> routes() {
    return List.of(Route.get("/api/jobs/{jobId}", gate::admit, this::job));
  }

  private void job(HttpServerExchange exchange) {
    JobId job = JobId.parse(Router.parameter(exchange, "jobId")).orElseThrow(JobRoutes::notFound);
    TodoJob found = StoreProblems.read(() -> reads.findJob(job)).orElseThrow(JobRoutes::notFound);
    if (!found.owner().equals(Gate.user(exchange))) {
      throw notFound();
    }
    // In this order: an entry is taken out while the queue still has the job, and remembers its
    // end. One look at the store, since each may take as long as an answer may.
    Status status = notifications.find(job);
    if (status instanceof Known known) {
      answer(exchange, job, known.state(), known.attempts());
    } else if (found.owed()) {
      answer(exchange, job, "pending", 0);
    } else if (status instanceof Notifications.Unreachable) {
      throw new ProblemException(Problem.unavailable("Queue unavailable", Duration.ofSeconds(1)));
    } else {
      throw notFound();
    }
  }

  private static void answer(HttpServerExchange exchange, JobId job, String state, int attempts) {
    String json =
        "{\"id\":\"" + job.text() + "\",\"state\":\"" + state + "\",\"attempts\":" + attempts + "}";
    Respond.json(exchange, StatusCodes.OK, json.getBytes(StandardCharsets.UTF_8));
  }

  private static ProblemException notFound() {
    return new ProblemException(Problem.notFound());
  }
}
