package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.Browser.ENTER;
import static io.github.scalingtoolkit.todo.run.Browser.ESCAPE;
import static io.github.scalingtoolkit.todo.run.Browser.TAB;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static io.github.scalingtoolkit.todo.run.TodoPage.NEW;
import static io.github.scalingtoolkit.todo.run.TodoPage.TITLES;
import static io.github.scalingtoolkit.todo.run.TodoPage.item;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.todo.login.Credentials;
import io.github.scalingtoolkit.todo.login.Users;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Todo page in a real browser, by clicks and keys. Another JDK has no part in it. */
@Tag("once")
class TodoPageTest {
  private static final String PASSWORD = "correct horse";

  /** Remembers how long the page's script waits, and what it still waits for. {@code hurry} makes waits shorter. */
  private static final String WATCH_TIMERS = """
      window.waits = [];
      window.waiting = new Set();
      window.hurry = 1;
      const set = window.setTimeout;
      const clear = window.clearTimeout;
      window.setTimeout = (step, wait) => {
        const id = set(() => { window.waiting.delete(id); step(); }, wait / window.hurry);
        window.waits.push(wait);
        window.waiting.add(id);
        return id;
      };
      window.clearTimeout = (id) => { window.waiting.delete(id); clear(id); };
      """;

  /** Returns each text whose contrast with its ground is less than 4.5, as WCAG's level AA demands it. */
  private static final String LOW_CONTRASTS = """
      const parts = (color) => color.match(/[\\d.]+/g).map(Number);
      const light = (color) => parts(color).slice(0, 3).map((c) => c / 255)
          .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
          .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
      const ground = (e) => {
        const color = getComputedStyle(e).backgroundColor;
        return (parts(color)[3] ?? 1) > 0 || !e.parentElement ? color : ground(e.parentElement);
      };
      const low = [];
      const check = (e, text, color) => {
        const both = [light(color), light(ground(e))].sort((a, b) => b - a);
        const contrast = (both[0] + 0.05) / (both[1] + 0.05);
        if (contrast < 4.5) low.push(`${text}: ${contrast.toFixed(2)}`);
      };
      let texts = 0;
      for (const e of document.querySelectorAll("body *")) {
        if (!e.checkVisibility()) continue;
        const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join("");
        if (text) check(e, text, getComputedStyle(e).color);
        if (e.placeholder) check(e, e.placeholder, getComputedStyle(e, "::placeholder").color);
        if (text || e.placeholder) texts++;
      }
      return [texts, low];
      """;

  private static final AtomicInteger users = new AtomicInteger();

  @TempDir
  private static Path directory;

  private static BreakableService service;
  private static TodoApp app;
  private static Errand<Users> errand;
  private static Users accounts;
  private static Browser browser;
  private static TodoPage page;

  private String user = "";

  @BeforeAll
  static void start() {
    Browser.assumeThere();
    service = BreakableService.start(directory);
    app = service.run(Role.SERVE);
    errand = Errand.users(service.stores().settings());
    accounts = errand.start();
    browser = Browser.start(directory.resolve("browser"));
    browser.beforeEachPage(WATCH_TIMERS);
    page = new TodoPage(browser);
  }

  @AfterAll
  static void stop() {
    try {
      if (browser != null) {
        browser.close();
      }
    } finally {
      if (errand != null) {
        errand.close();
      }
      if (service != null) {
        service.close();
      }
    }
  }

  @BeforeEach
  void open() {
    user = "user-" + users.incrementAndGet();
    assertThat(accounts.add(new Credentials(user, Secret.of(PASSWORD)))).isPresent();
    page.open(app.port());
  }

  @AfterEach
  void hasNothingToComplainOf() {
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void aWrongPasswordIsToldAndTheRightOneOpensTheList() {
    page.enter(user, "wrong password");
    page.awaitText("#problem", "Username or password is wrong.");
    assertThat(page.isShown("#todos")).isFalse();

    page.logIn(user, PASSWORD);

    assertThat(page.text("#who")).isEqualTo(user);
    assertThat(page.text("#problem")).isEmpty();
    assertThat(page.isShown("#welcome")).isFalse();
    assertThat(page.text("#empty")).contains("Nothing to do");
    assertThat(page.focused()).isEqualTo("new-title");
  }

  @Test
  void aNewUserRegistersAndIsLoggedIn() {
    browser.click("#switch");
    page.enter(user, "long enough");
    page.awaitText("#problem", "This username is taken.");
    page.enter("ada", "short");
    page.awaitText("#problem", "Password ");

    page.enter("ada", "long enough");

    page.awaitShown("#todos");
    assertThat(page.text("#who")).isEqualTo("ada");
  }

  @Test
  void todosAreAddedToggledFilteredAndCleared() {
    page.logIn(user, PASSWORD);
    page.add("  Buy milk ");
    page.add("Call Ada");
    browser.type(NEW, "   " + ENTER);
    page.add("Read a book");
    page.awaitTitles("Buy milk", "Call Ada", "Read a book");
    assertThat(page.value(NEW)).isEmpty();
    assertThat(page.text("#count")).isEqualTo("3 items left");
    assertThat(page.isShown("#clear")).isFalse();

    browser.click(item(2) + ".toggle");
    page.awaitText("#count", "2 items left");
    browser.click("#filters a[href='#/active']");
    page.awaitTitles("Buy milk", "Read a book");
    browser.click("#filters a[href='#/completed']");
    page.awaitTitles("Call Ada");
    assertThat(browser.run("return location.hash").textValue()).isEqualTo("#/completed");
    assertThat(page.all("#filters [aria-current=page]")).containsExactly("Completed");
    browser.run("history.back()");
    page.awaitTitles("Buy milk", "Read a book");
    browser.click("#filters a[href='#/']");

    browser.click("#toggle-all");
    page.awaitText("#count", "0 items left");
    assertThat(page.all("#list .completed .title")).hasSize(3);
    browser.click(item(1) + ".toggle");
    page.awaitText("#count", "1 item left");
    assertThat(page.checked("#toggle-all")).isFalse();

    browser.click("#clear");
    page.awaitTitles("Buy milk");
    browser.click(item(1) + ".delete");
    page.awaitText("#empty", "Nothing to do");
    assertThat(page.isShown("#bottom")).isFalse();
    assertThat(page.isShown("#all")).isFalse();
  }

  @Test
  void markingAllGoesOnWhenTheServiceIsAskedTooOften() {
    TodoClient client = new TodoClient(
        app.port(),
        TodoClient.json(TodoClient.anonymous(app.port())
                .post(
                    "/login", "{\"username\":\"" + user + "\",\"password\":\"" + PASSWORD + "\"}"))
            .get("token")
            .textValue());
    for (int i = 0; i < 12; i++) {
      client.create("todo " + i);
    }
    TodoApp slow = service.run(Role.SERVE, "RATE_LIMIT", "6/1s");
    page.open(slow.port());
    page.logIn(user, PASSWORD);
    page.awaitText("#count", "12 items left");

    browser.click("#toggle-all");

    page.awaitText("#count", "0 items left");
    // The other process may serve its list until the last invalidation has arrived there.
    Await.until(
        "all twelve are marked",
        () -> TodoClient.json(client.get("/api/todos?completed=true")).size() == 12);
  }

  @Test
  void aTodoIsEditedInItsPlace() {
    page.logIn(user, PASSWORD);
    page.add("Buy milk");
    page.add("Call Ada");

    browser.doubleClick(item(1) + ".title");
    assertThat(page.value(item(1) + ".edit")).isEqualTo("Buy milk");
    browser.keys(" and tea" + ENTER);
    page.awaitTitles("Buy milk and tea", "Call Ada");
    assertThat(page.focused()).isEqualTo("plain change");

    browser.doubleClick(item(1) + ".title");
    browser.keys(" and coffee" + ESCAPE);
    page.awaitTitles("Buy milk and tea", "Call Ada");
    assertThat(page.isShown(item(1) + ".edit")).isFalse();

    browser.click(item(2) + ".change");
    browser.keys(" again");
    browser.click("h1");
    page.awaitTitles("Buy milk and tea", "Call Ada again");

    browser.doubleClick(item(1) + ".title");
    browser.run("document.activeElement.value = '  '");
    browser.keys(ENTER);
    page.awaitTitles("Call Ada again");
    assertThat(TodoClient.titles(client().list())).containsExactly("Call Ada again");
  }

  @Test
  void aSavedTitleLeavesTheFocusWhereTheUserHasGoneMeanwhile() {
    page.logIn(user, PASSWORD);
    page.add("Buy milk");
    browser.run("""
        const send = window.fetch;
        const held = new Promise((release) => { window.release = release; });
        window.fetch = async (path, request) => {
          if (request.method === "PATCH") await held;
          return send(path, request);
        };
        """);
    browser.click(item(1) + ".change");
    browser.keys(" and tea" + ENTER);
    browser.click(NEW);

    browser.run("window.release()");

    page.awaitTitles("Buy milk and tea");
    assertThat(page.focused()).isEqualTo("new-title");
  }

  @Test
  void whatVanishesFromAFilteredListHandsItsFocusOn() {
    page.logIn(user, PASSWORD);
    for (String title : List.of("Buy milk", "Call Ada", "Read a book")) {
      page.add(title);
    }
    browser.click(item(2) + ".toggle");
    page.awaitText("#count", "2 items left");
    browser.click("#filters a[href='#/active']");
    page.awaitTitles("Buy milk", "Read a book");

    browser.type(item(1) + ".delete", ENTER);
    page.awaitTitles("Read a book");
    assertThat(page.focusedName()).isEqualTo("Delete Read a book");
    browser.type(item(2) + ".toggle", " ");
    page.awaitText("#count", "0 items left");

    assertThat(page.focused()).isEqualTo("new-title");
  }

  @Test
  void aReloadEndsTheSessionSinceTheTokenIsKeptNowhere() {
    page.logIn(user, PASSWORD);
    page.add("Buy milk");
    JsonNode kept = browser.run(
        "return [localStorage.length, sessionStorage.length, document.cookie, location.href.includes('ey')]");
    assertThat(kept.toString()).isEqualTo("[0,0,\"\",false]");

    browser.reload();

    page.awaitShown("#welcome");
    assertThat(page.isShown("#todos")).isFalse();
    page.logIn(user, PASSWORD);
    page.awaitTitles("Buy milk");
    browser.click("#log-out");
    page.awaitShown("#welcome");
    assertThat(page.all(".title")).isEmpty();
    assertThat(page.value("#password")).isEmpty();
  }

  @Test
  void theBadgeTellsWhereTheListCameFrom() {
    page.logIn(user, PASSWORD);
    assertThat(page.text("#cache")).isIn("Cache MISS", "Cache BYPASS");

    // Where a busy machine keeps Redis from answering within the cache's 100 ms, the next one is a
    // miss.
    page.await("a list with a new todo was a miss", () -> {
      page.reloadUntilHit();
      page.add("Buy milk");
      page.await("it comes from the database", () -> !page.text("#cache").equals("Cache HIT"));
      return page.text("#cache").equals("Cache MISS");
    });
  }

  @Test
  void aNotificationIsAskedForMoreRarelyAndNoMoreWhenFinal() {
    page.logIn(user, PASSWORD);
    browser.run("window.hurry = 100; window.waits.length = 0");
    page.add("Buy milk");

    page.await("it has asked seven times", () -> waits().size() > 7);
    List<Double> waits = waits();
    for (int i = 1; i < 8; i++) {
      assertThat(waits.get(i)).as(waits.toString()).isGreaterThan(1.4 * waits.get(i - 1));
    }
    assertThat(page.text(item(1) + ".notification")).isEqualTo("Notification queued");

    TodoApp worker = service.run(Role.WORK);
    page.awaitText(item(1) + ".notification", "Notification sent");
    worker.stop();

    assertThat(browser.run("return window.waiting.size").intValue()).isZero();
    int asked = jobsAsked();
    page.reloadUntilHit();
    assertThat(jobsAsked()).isEqualTo(asked);
    assertThat(page.text(item(1) + ".notification")).isEqualTo("Notification sent");
  }

  @Test
  void withoutTheServiceThePageSaysSoKeepsTheTextAndGoesOn() {
    TodoApp first = service.run(Role.SERVE);
    FaultProxy address = service.proxyTo(first.port());
    page.open(address.port());
    page.logIn(user, PASSWORD);
    page.add("Buy milk");
    browser.doubleClick(item(1) + ".title");
    address.cut();
    first.stop();
    browser.keys(" and tea" + ENTER);
    page.awaitText("#offline", "The service cannot be reached.");
    assertThat(page.value(item(1) + ".edit")).isEqualTo("Buy milk and tea");
    browser.type(NEW, "Call Ada" + ENTER);
    assertThat(page.value(NEW)).isEqualTo("Call Ada");
    browser.run("window.hurry = 20");

    TodoApp second = service.run(Role.SERVE);
    address.leadTo(second.port());
    address.heal();
    page.await("the page goes on", () -> page.text("#offline").isEmpty());
    browser.type(item(1) + ".edit", ENTER);
    page.awaitTitles("Buy milk and tea");
    browser.type(NEW, ENTER);
    page.awaitTitles("Buy milk and tea", "Call Ada");

    address.cut();
    second.stop();
    TodoApp third = service.run(Role.SERVE, "JWT_SECRET", "another secret of 32 bytes or more");
    address.leadTo(third.port());
    address.heal();
    page.awaitText("#problem", "Your session has ended. Log in again.");
    assertThat(page.all(".title")).isEmpty();
    assertThat(page.value("#username")).isEqualTo(user);
    assertThat(page.focused()).isEqualTo("password");
    third.stop();
    page.open(app.port());
  }

  @Test
  void aServiceThatAnswersOnlyForItsHealthIsAskedLessAndLessOften() {
    page.logIn(user, PASSWORD);
    browser.run("""
        window.hurry = 100;
        window.waits.length = 0;
        const send = window.fetch;
        window.fetch = (path, request) =>
          path.startsWith("/api/") ? Promise.reject(new TypeError("cut")) : send(path, request);
        """);

    browser.click("#reload");

    page.await("it has asked four times", () -> waits().size() > 4);
    assertThat(waits()).startsWith(1000.0, 2000.0, 4000.0, 8000.0, 16000.0);
  }

  @Test
  void aLimitIsToldWithTheTimeToWait() {
    TodoApp small = service.run(Role.SERVE, "RATE_LIMIT", "2/1h", "LOGIN_RATE_LIMIT", "1/1m");
    page.open(small.port());
    page.enter("guessed", "wrong password");
    page.awaitText("#problem", "wrong");
    page.enter("guessed", "wrong password");
    page.awaitText("#problem", "Try again in ");

    page.logIn(user, PASSWORD);
    // One after the other: of two at a time, the older might be the one that is refused, and is not
    // shown.
    page.reload();
    browser.click("#reload");

    page.await(
        "the limit is told",
        () -> page.text("#problem").matches("Too many requests\\. Try again in \\d+ s\\."));
    small.stop();
    page.open(app.port());
  }

  @Test
  void aChangeMadeElsewhereIsNotOverwritten() {
    page.logIn(user, PASSWORD);
    page.add("Buy milk");
    String path = "/api/todos/" + json(client().list()).get(0).get("_id").textValue();
    browser.doubleClick(item(1) + ".title");
    browser.keys(" and tea");
    assertThat(client().send("PATCH", path, "{\"title\":\"Buy bread\"}").statusCode())
        .isEqualTo(200);

    browser.keys(ENTER);

    page.awaitText("#problem", "changed somewhere else");
    assertThat(page.text("#problem")).contains("Buy milk and tea");
    page.awaitTitles("Buy bread");
    assertThat(client().delete(path).statusCode()).isEqualTo(204);
    browser.click(item(1) + ".toggle");
    page.awaitText("#problem", "does not exist any more");
    page.awaitText("#empty", "Nothing to do");
  }

  @Test
  void aTitleIsTextAndNeverMarkup() {
    List<String> titles = List.of(
        "<img src=x onerror=\"document.title='taken over'\">",
        "<script>document.title='taken over'</script>",
        "\"><b onmouseover=alert(1)>bold</b>",
        "&lt;&amp; \u202Eright to left",
        "W".repeat(500),
        "\uD83D\uDE00".repeat(500));
    for (String title : titles) {
      assertThat(client().create(title).statusCode()).isEqualTo(201);
    }

    page.logIn(user, PASSWORD);

    page.awaitTitles(titles.toArray(String[]::new));
    assertThat(browser
            .run("return document.querySelectorAll('#list img, #list script, #list b').length")
            .intValue())
        .isZero();
    assertThat(browser.run("return document.title").textValue()).isEqualTo("Todos");
    browser.run("document.getElementById('new-title').value = 'x'.repeat(501)");
    browser.type(NEW, ENTER);
    page.awaitText("#problem", "The title has 501 characters; it may have 500.");
    browser.run("document.getElementById('new-title').value = 'a\\u0007b'");
    browser.type(NEW, ENTER);
    page.awaitText("#problem", "The title must not contain control characters.");
    assertThat(page.all(TITLES)).hasSize(6);
  }

  @Test
  void everythingCanBeDoneWithTheKeyboardAlone() {
    browser.keys(user + TAB + PASSWORD + ENTER);
    page.awaitShown("#cache");
    browser.keys("Buy milk" + ENTER);
    page.awaitTitles("Buy milk");

    browser.keys(TAB + TAB + TAB + " "); // Add, all, and the todo's box
    page.awaitText("#count", "0 items left");
    browser.keys(TAB + ENTER);
    assertThat(page.value(item(1) + ".edit")).isEqualTo("Buy milk");
    browser.keys("!" + ENTER);
    page.awaitTitles("Buy milk!");
    browser.keys(TAB + ENTER);
    page.awaitText("#empty", "Nothing to do");

    assertThat(page.focused()).isEqualTo("new-title");
  }

  @Test
  void everyControlHasANameAndEveryTextContrastInLightAndInDark() {
    List<String> grounds = new ArrayList<>();
    for (String scheme : List.of("light", "dark")) {
      browser.command(
          "Emulation.setEmulatedMedia",
          Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
      page.open(app.port());
      page.enter("nobody", "wrong password");
      page.awaitText("#problem", "wrong");
      assertContrast(scheme);
      assertThat(browser.names("button, input, a")).doesNotContain("");

      page.logIn(user, PASSWORD);
      page.add("Buy milk in " + scheme);
      browser.click(item(grounds.size() + 1) + ".toggle");
      page.await("it is done", () -> page.text("#count").startsWith("0 "));

      assertContrast(scheme);
      assertThat(browser.names("button, input, a"))
          .doesNotContain("")
          .contains(
              "New todo", "Buy milk in light", "Edit Buy milk in light", "Mark all as completed");
      grounds.add(
          browser.run("return getComputedStyle(document.body).backgroundColor").textValue());
    }
    browser.command("Emulation.setEmulatedMedia", Map.of("features", List.of()));

    assertThat(grounds.get(0)).isNotEqualTo(grounds.get(1));
  }

  @Test
  void nothingIsCutOffOnAPhone() {
    client().create("W".repeat(500));
    browser.command(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", 360, "height", 640, "deviceScaleFactor", 2, "mobile", true));
    try {
      page.open(app.port());
      assertFits();
      page.logIn(user, PASSWORD);
      page.add("Buy milk");
      browser.click(item(2) + ".toggle");
      page.awaitShown("#clear");
      page.awaitShown(item(2) + ".notification");
      assertFits();

      browser.click(item(1) + ".change");
      assertFits();
      browser.keys(ESCAPE);
    } finally {
      browser.command("Emulation.clearDeviceMetricsOverride", Map.of());
    }
  }

  @Test
  void longListsComePageByPage() {
    String owner = json(client().get("/me")).get("sub").textValue();
    List<Document> todos = new ArrayList<>();
    for (int i = 0; i < 1001; i++) {
      todos.add(new Document("userId", owner)
          .append("title", "Todo " + i)
          .append("completed", false)
          .append("createdAt", new Date())
          .append("updatedAt", new Date()));
    }
    try (MongoClient mongo = MongoClients.create(service.stores().mongoUri())) {
      mongo.getDatabase("todoapp").getCollection("todos").insertMany(todos);
    }
    page.logIn(user, PASSWORD);
    page.awaitShown("#more");
    assertThat(page.all(TITLES)).hasSize(1000);

    browser.click("#more");

    page.await("all are shown", () -> page.all(TITLES).size() == 1001);
    assertThat(page.isShown("#more")).isFalse();
  }

  private TodoClient client() {
    String login = TodoClient.anonymous(app.port())
        .post("/login", "{\"username\":\"" + user + "\",\"password\":\"" + PASSWORD + "\"}")
        .body();
    return new TodoClient(app.port(), login.replaceFirst(".*\"token\":\"([^\"]+)\".*", "$1"));
  }

  private static int jobsAsked() {
    return browser
        .run("return performance.getEntriesByType('resource')"
            + ".filter(e => new URL(e.name).pathname.startsWith('/api/jobs/')).length")
        .intValue();
  }

  private static List<Double> waits() {
    List<Double> waits = new ArrayList<>();
    browser.run("return window.waits").forEach(wait -> waits.add(wait.doubleValue()));
    return waits;
  }

  private static void assertContrast(String scheme) {
    JsonNode found = browser.run(LOW_CONTRASTS);
    assertThat(found.get(0).intValue()).isGreaterThan(8);
    assertThat(found.get(1)).as("texts of low contrast in %s", scheme).isEmpty();
  }

  private static void assertFits() {
    JsonNode widths = browser.run("return [document.documentElement.scrollWidth, innerWidth]");
    assertThat(widths.get(1).intValue()).isEqualTo(360);
    assertThat(widths.get(0).intValue()).isLessThanOrEqualTo(360);
  }
}
