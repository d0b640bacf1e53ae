package io.github.scalingtoolkit.todo.run;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.scalingtoolkit.testing.Await;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** The Todo page as a user sees it: what is shown, and what can be clicked. */
final class TodoPage {
  static final String NEW = "#new-title";
  static final String TITLES = "#list li:not([hidden]) .title";

  private final Browser browser;

  TodoPage(Browser browser) {
    this.browser = browser;
  }

  static String item(int index) {
    return "#list li:nth-of-type(" + index + ") ";
  }

  void open(int port) {
    browser.open("about:blank");
    browser.open("http://127.0.0.1:" + port + "/");
  }

  void logIn(String username, String password) {
    enter(username, password);
    awaitShown("#todos");
    awaitShown("#cache");
  }

  /** Fills in the form and clicks its button. */
  void enter(String username, String password) {
    browser.run("document.getElementById('account').reset()");
    browser.type("#username", username);
    browser.type("#password", password);
    browser.click("#enter");
  }

  void add(String title) {
    int before = all(TITLES).size();
    browser.type(NEW, title + Browser.ENTER);
    Await.until("a todo is added", () -> all(TITLES).size() > before);
  }

  /** Clicks Reload, and returns once the list has been answered. */
  void reload() {
    int before = listsAnswered();
    browser.click("#reload");
    await("the list is answered", () -> listsAnswered() > before);
  }

  /** Reloads until the list comes from the cache: a write that has just ended may have kept it out. */
  void reloadUntilHit() {
    await("the list comes from the cache", () -> {
      reload();
      return text("#cache").equals("Cache HIT");
    });
  }

  private int listsAnswered() {
    return browser
        .run("return performance.getEntriesByType('resource')"
            + ".filter(e => new URL(e.name).pathname === '/api/todos').length")
        .intValue();
  }

  void awaitTitles(String... titles) {
    await("the titles are " + List.of(titles), () -> all(TITLES).equals(List.of(titles)));
  }

  void awaitText(String css, String part) {
    await(css + " has the text " + part, () -> text(css).contains(part));
  }

  void awaitShown(String css) {
    await(css + " is shown", () -> isShown(css));
  }

  /** Waits; tells what the page shows if that was in vain. */
  void await(String what, BooleanSupplier condition) {
    try {
      Await.until(what, condition);
    } catch (AssertionError vain) {
      throw new AssertionError(vain.getMessage() + "; the page shows: " + text("body"), vain);
    }
  }

  boolean isShown(String css) {
    return browser
        .run("return document.querySelector(arguments[0])?.checkVisibility() ?? false", css)
        .booleanValue();
  }

  /** Returns the text that is shown of the first element that {@code css} names; empty if there is none. */
  String text(String css) {
    return browser
        .run("return document.querySelector(arguments[0])?.innerText ?? ''", css)
        .textValue();
  }

  /** Returns the texts of all elements that {@code css} names and that are shown. */
  List<String> all(String css) {
    List<String> texts = new ArrayList<>();
    JsonNode found = browser.run(
        "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).map(e => e.textContent)",
        css);
    found.forEach(text -> texts.add(text.textValue()));
    return texts;
  }

  String value(String css) {
    return browser.run("return document.querySelector(arguments[0]).value", css).textValue();
  }

  boolean checked(String css) {
    return browser
        .run("return document.querySelector(arguments[0]).checked", css)
        .booleanValue();
  }

  /** Returns the label of what has the focus. */
  String focusedName() {
    return browser.run("return document.activeElement.ariaLabel ?? ''").textValue();
  }

  /** Returns the id, or else the class, of what has the focus. */
  String focused() {
    return browser
        .run("return document.activeElement.id || document.activeElement.className")
        .textValue();
  }
}
