package io.github.scalingtoolkit.docs;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaCodeUnitAccess;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The rooms that a request enters, by all calls that its handler may make: the packages of the app, and the cache and the
 * queue. The store is an interface of the domain; a call to it enters the room {@code mongo}.
 *
 * @param doors each room that is entered, with those from which it is
 */
record Rooms(Map<String, Set<String>> doors) {
  private static final String ROOT = "io.github.scalingtoolkit.";
  private static final String APP = ROOT + "todo.";
  private static final Set<String> ROOMS =
      Set.of("http", "api", "login", "todos", "jobs", "mongo", "cache", "queue");

  /** Follows the calls of {@code handler}, into each method of the app once. */
  static Rooms enteredFrom(JavaClass routes, String handler) {
    Map<String, Set<String>> doors = new TreeMap<>(Map.of(roomOf(routes), Set.of("http")));
    Set<JavaCodeUnit> seen = new HashSet<>();
    Deque<JavaCodeUnit> next = new ArrayDeque<>();
    routes.getMethods().stream()
        .filter(method -> method.getName().equals(handler))
        .forEach(next::add);
    while (!next.isEmpty()) {
      JavaCodeUnit caller = next.pop();
      if (!seen.add(caller)) {
        continue;
      }
      calls(caller).forEach(call -> {
        String from = roomOf(caller.getOwner());
        String to = roomOf(call.getTargetOwner());
        if (!to.equals(from) && ROOMS.contains(to)) {
          doors.computeIfAbsent(to, room -> new TreeSet<>()).add(from);
        }
        if (call.getTargetOwner().getName().startsWith(APP)) {
          call.getTarget().resolveMember().ifPresent(next::add);
        }
      });
    }
    return new Rooms(doors);
  }

  /** Returns the rooms that are entered from more than one other. A request begins and ends in {@code http}. */
  Set<String> enteredTwice() {
    Set<String> twice = new TreeSet<>();
    doors.forEach((room, from) -> {
      if (from.size() > 1 && !room.equals("http")) {
        twice.add(room + " from " + from);
      }
    });
    return twice;
  }

  private static Stream<JavaCodeUnitAccess<?>> calls(JavaCodeUnit caller) {
    return Stream.<Set<? extends JavaCodeUnitAccess<?>>>of(
            caller.getCallsFromSelf(),
            caller.getMethodReferencesFromSelf(),
            caller.getConstructorReferencesFromSelf())
        .flatMap(Set::stream);
  }

  private static String roomOf(JavaClass type) {
    if (type.getName().equals(APP + "domain.TodoStore")) {
      return "mongo";
    }
    String path = type.getPackageName().startsWith(APP)
        ? type.getPackageName().substring(APP.length())
        : type.getPackageName().replace(ROOT, "");
    return path.replaceFirst("\\..*", "");
  }
}
