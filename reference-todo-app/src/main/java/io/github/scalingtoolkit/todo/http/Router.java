package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.AttachmentKey;
import io.undertow.util.PathTemplateMatcher;
import io.undertow.util.StatusCodes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the route of a request. One slash at the end of a path is tolerated; HEAD is answered as GET.
 *
 * <p>Variable parts of a path are an attachment and never query parameters, where a client could put its own value first.
 */
public final class Router {
  private static final AttachmentKey<Map<String, String>> PARAMETERS =
      AttachmentKey.create(Map.class);

  private final Map<String, Map<String, Route>> exact = new HashMap<>();
  private final PathTemplateMatcher<Map<String, Route>> templates = new PathTemplateMatcher<>();

  private final List<Route> routes;

  /** Routes to {@code routes}. */
  public Router(List<Route> routes) {
    this.routes = List.copyOf(routes);
    Map<String, Map<String, Route>> byTemplate = new TreeMap<>();
    for (Route route : routes) {
      byTemplate
          .computeIfAbsent(route.template(), path -> new TreeMap<>())
          .put(route.method(), route);
    }
    byTemplate.forEach((template, methods) -> {
      if (template.contains("{")) {
        templates.add(template, methods);
      } else {
        exact.put(template, methods);
      }
    });
  }

  /** Returns every route, by template and method. */
  public List<Route> routes() {
    return routes;
  }

  /** Returns the value of the path's part {@code name}. */
  public static String parameter(HttpServerExchange exchange, String name) {
    Map<String, String> parameters = exchange.getAttachment(PARAMETERS);
    String value = parameters == null ? null : parameters.get(name);
    if (value == null) {
      throw new IllegalStateException(
          "the route of " + exchange.getRequestPath() + " has no part {" + name + "}");
    }
    return value;
  }

  /**
   * Returns the route.
   *
   * @throws ProblemException 404 if there is none at that path, 405 if there is none for that method
   */
  Route find(HttpServerExchange exchange) {
    Map<String, Route> methods = methods(exchange);
    if (methods == null) {
      throw new ProblemException(Problem.notFound());
    }
    String method = exchange.getRequestMethod().toString();
    Route route = methods.get(method.equals("HEAD") ? "GET" : method);
    if (route == null) {
      throw new ProblemException(Problem.of(StatusCodes.METHOD_NOT_ALLOWED, "Method not allowed")
          .with("Allow", allow(methods)));
    }
    return route;
  }

  /** Returns the routes at the path of this request by their methods, or null if there is no such path. */
  @Nullable
  Map<String, Route> methods(HttpServerExchange exchange) {
    String path = exchange.getRequestPath();
    if (path.length() > 1 && path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    Map<String, Route> methods = exact.get(path);
    if (methods != null) {
      return methods;
    }
    PathTemplateMatcher.PathMatchResult<Map<String, Route>> match = templates.match(path);
    if (match == null) {
      return null;
    }
    exchange.putAttachment(PARAMETERS, match.getParameters());
    return match.getValue();
  }

  /** Returns the value of {@code Allow} where these are the routes. */
  static String allow(Map<String, Route> methods) {
    StringBuilder allow = new StringBuilder();
    methods.keySet().forEach(method -> {
      allow.append(method).append(", ");
      if (method.equals("GET")) {
        allow.append("HEAD, ");
      }
    });
    return allow.append("OPTIONS").toString();
  }
}
