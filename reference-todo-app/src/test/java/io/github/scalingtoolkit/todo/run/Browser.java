package io.github.scalingtoolkit.todo.run;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.deploy.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Chromium without a window, driven through chromedriver by the WebDriver protocol: clicks and keys are those of a user.
 * It keeps everything that it writes in one directory, and leaves no process behind.
 */
final class Browser implements AutoCloseable {
  static final String ENTER = "\uE007";
  static final String TAB = "\uE004";
  static final String ESCAPE = "\uE00C";
  static final String CONTROL = "\uE009";

  private static final Pattern PORT = Pattern.compile("started successfully on port (\\d+)");
  private static final String ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
  private static final Duration LONGEST = Duration.ofMinutes(2);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final Path directory;
  private final Process driver;
  /** For a JVM that is told to end in the middle of a test. */
  private final Thread lastResort = new Thread(this::endAll, "browser-last-resort");

  private String session = "";

  private Browser(Path directory, Process driver) {
    this.directory = directory;
    this.driver = driver;
    Runtime.getRuntime().addShutdownHook(lastResort);
  }

  /** Skips the test if there is no browser here. */
  static void assumeThere() {
    assumeTrue(
        program().isPresent() && Tool.find("chromedriver").isPresent(),
        "NOT RUN: the Todo page in a browser: there is no chromium, or no chromedriver");
  }

  private static Optional<Path> program() {
    return Tool.find("chromium").or(() -> Tool.find("google-chrome"));
  }

  /** Starts one that writes to {@code directory} alone. */
  static Browser start(Path directory) {
    Browser browser = null;
    try {
      Files.createDirectories(directory);
      ProcessBuilder command = new ProcessBuilder(
          Tool.find("chromedriver").orElseThrow().toString(),
          "--port=0",
          "--allowed-ips=127.0.0.1");
      for (String variable :
          List.of("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")) {
        command.environment().put(variable, directory.toString());
      }
      Path log = directory.resolve("chromedriver.log");
      browser = new Browser(
          directory,
          command.redirectErrorStream(true).redirectOutput(log.toFile()).start());
      browser.session = "http://127.0.0.1:" + browser.port(log) + "/session";
      JsonNode started =
          browser.post("", Map.of("capabilities", Map.of("alwaysMatch", wanted(directory))));
      browser.session += "/" + started.get("sessionId").textValue();
      return browser;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (RuntimeException | Error failure) {
      if (browser != null) {
        browser.close();
      }
      throw failure;
    }
  }

  private static Map<String, Object> wanted(Path directory) {
    List<String> arguments = List.of(
        "--headless=new",
        "--no-sandbox", // as root it has none
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-breakpad",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--no-proxy-server",
        "--hide-scrollbars",
        "--window-size=900,700",
        "--user-data-dir=" + directory.resolve("profile"));
    return Map.of(
        "browserName", "chrome",
        "goog:chromeOptions",
            Map.of("binary", program().orElseThrow().toString(), "args", arguments),
        "goog:loggingPrefs", Map.of("browser", "ALL"));
  }

  private int port(Path log) {
    Await.until(
        "chromedriver tells its port", () -> PORT.matcher(read(log)).find() || !driver.isAlive());
    String said = read(log);
    Matcher port = PORT.matcher(said);
    if (!port.find()) {
      throw new AssertionError("chromedriver has ended before it told its port; it said: " + said);
    }
    return Integer.parseInt(port.group(1));
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Opens an address, and returns once the page and its script are there. */
  void open(String url) {
    post("/url", Map.of("url", url));
  }

  /** Loads the page again. */
  void reload() {
    post("/refresh", Map.of());
  }

  /** Runs the body of a function in the page, and returns what it returns. */
  JsonNode run(String script, Object... arguments) {
    return post("/execute/sync", Map.of("script", script, "args", List.of(arguments)));
  }

  /** Runs {@code script} before each page that is opened from now on. */
  void beforeEachPage(String script) {
    command("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script));
  }

  /** Gives a command of the DevTools. */
  void command(String name, Map<String, Object> parameters) {
    post("/goog/cdp/execute", Map.of("cmd", name, "params", parameters));
  }

  /** Clicks the one element that {@code css} names. */
  void click(String css) {
    post("/element/" + element(css) + "/click", Map.of());
  }

  /** Clicks it twice. */
  void doubleClick(String css) {
    ArrayNode actions = JSON.createArrayNode();
    ObjectNode move = actions.addObject().put("type", "pointerMove").put("x", 0).put("y", 0);
    move.putObject("origin").put(ELEMENT, element(css));
    for (String type : List.of("pointerDown", "pointerUp", "pointerDown", "pointerUp")) {
      actions.addObject().put("type", type).put("button", 0);
    }
    ObjectNode pointer = JSON.createObjectNode().put("type", "pointer").put("id", "mouse");
    pointer.set("actions", actions);
    post("/actions", Map.of("actions", List.of(pointer)));
  }

  /** Types into the element that {@code css} names. */
  void type(String css, String text) {
    post("/element/" + element(css) + "/value", Map.of("text", text));
  }

  /** Presses keys, one after the other, wherever the focus is. */
  void keys(String keys) {
    ArrayNode actions = JSON.createArrayNode();
    keys.codePoints().mapToObj(Character::toString).forEach(key -> {
      actions.addObject().put("type", "keyDown").put("value", key);
      actions.addObject().put("type", "keyUp").put("value", key);
    });
    ObjectNode keyboard = JSON.createObjectNode().put("type", "key").put("id", "keyboard");
    keyboard.set("actions", actions);
    post("/actions", Map.of("actions", List.of(keyboard)));
  }

  /** Returns the name that assistive technology reads, for each element that {@code css} names and that is shown. */
  List<String> names(String css) {
    List<String> names = new ArrayList<>();
    for (JsonNode found : post("/elements", Map.of("using", "css selector", "value", css))) {
      String element = "/element/" + found.get(ELEMENT).textValue();
      if (get(element + "/displayed").booleanValue()) {
        names.add(get(element + "/computedlabel").textValue());
      }
    }
    return names;
  }

  /** Returns what the browser has complained of since the last call: of scripts and of its security policy. */
  List<String> complaints() {
    List<String> complaints = new ArrayList<>();
    for (JsonNode entry : post("/se/log", Map.of("type", "browser"))) {
      // "network" tells of each answer from 400 on.
      if (entry.get("level").textValue().equals("SEVERE")
          && !entry.get("source").textValue().equals("network")) {
        complaints.add(entry.get("message").textValue());
      }
    }
    return complaints;
  }

  /** Returns a picture of what is shown, as PNG. */
  byte[] picture() {
    return Base64.getDecoder().decode(get("/screenshot").textValue());
  }

  private String element(String css) {
    return post("/element", Map.of("using", "css selector", "value", css))
        .get(ELEMENT)
        .textValue();
  }

  private JsonNode get(String path) {
    return send(HttpRequest.newBuilder(URI.create(session + path)).GET());
  }

  private JsonNode post(String path, Map<String, Object> body) {
    try {
      return send(HttpRequest.newBuilder(URI.create(session + path))
          .header("Content-Type", "application/json")
          .POST(BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static JsonNode send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> answer =
          HTTP.send(request.timeout(LONGEST).build(), BodyHandlers.ofString());
      JsonNode value = JSON.readTree(answer.body()).path("value");
      if (answer.statusCode() != 200) {
        throw new AssertionError("the browser says " + value.path("message").asText());
      }
      return value;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }

  /** Ends it, and removes what it wrote. */
  @Override
  public void close() {
    try {
      if (!session.isEmpty()) {
        send(HttpRequest.newBuilder(URI.create(session)).DELETE());
      }
    } catch (RuntimeException | AssertionError gone) {
      // It is ended below.
    }
    Runtime.getRuntime().removeShutdownHook(lastResort);
    List<ProcessHandle> all = endAll();
    Await.until("the browser has ended", () -> all.stream().noneMatch(ProcessHandle::isAlive));
    Await.until("what the browser wrote is removed", this::removeAll);
  }

  private List<ProcessHandle> endAll() {
    // Some of its processes leave their parent.
    List<ProcessHandle> all = Stream.of(
            Stream.of(driver.toHandle()),
            driver.descendants(),
            ProcessHandle.allProcesses().filter(this::isOurs))
        .flatMap(processes -> processes)
        .distinct()
        .toList();
    all.forEach(ProcessHandle::destroyForcibly);
    return all;
  }

  private boolean isOurs(ProcessHandle process) {
    Optional<String> line = process.info().commandLine();
    return line.isPresent() && line.get().contains("--user-data-dir=" + directory);
  }

  /** Returns whether it succeeded: what the browser's last process did may still be under way. */
  private boolean removeAll() {
    try (Stream<Path> files = Files.walk(directory)) {
      List<Path> deepestFirst = files.sorted((a, b) -> b.compareTo(a)).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
      return true;
    } catch (IOException | UncheckedIOException changed) {
      return !Files.exists(directory);
    }
  }
}
