// The Todo page. It uses the service's public requests and nothing else.
//
// The token is in a variable of this module and nowhere else: a reload ends the session. Text of users becomes text of
// the page (textContent), never markup. What the service says is shown; nothing is shown before the service has said it.

const MOST_CODE_POINTS = 500;
const TOGGLES_AT_A_TIME = 4;
const LONGEST_ANSWER = 20_000; // ms
const FIRST_POLL = 300; // ms
const LONGEST_POLL = 30_000; // ms
const FIRST_PROBE = 1000; // ms
const LONGEST_PROBE = 30_000; // ms
const POLL_GROWTH = 1.7;
const FINAL = new Set(["completed", "dead"]);
const NOTIFICATION = {
  pending: "Notification queued",
  waiting: "Notification queued",
  active: "Sending notification",
  retry: "Notification retrying",
  completed: "Notification sent",
  dead: "Notification failed",
};
const CACHE = {
  HIT: "This list came from the cache.",
  MISS: "This list came from the database, and is cached now.",
  BYPASS: "This list came from the database; the cache was not used.",
};
const CREDENTIALS = { username: "Username", password: "Password" };

const at = (id) => document.getElementById(id);
const offers = (what) => document.documentElement.dataset[what] === "on";

// --- requests ---------------------------------------------------------------------------------------------------

/** The service refused a request: it answered with a problem. */
class Refused extends Error {
  constructor(answer, problem) {
    super(problem.error ?? `The service answered ${answer.status}`);
    this.status = answer.status;
    this.fields = problem.errors ?? [];
    this.wait = Number(answer.headers.get("Retry-After")) || 0;
  }

  /** In words, with `names` for the names of fields. */
  words(names = {}) {
    const fields = this.fields.map(({ field, message }) => `${names[field] ?? field} ${message}`);
    const text = fields.length > 0 ? fields.join("; ") : this.message;
    return `${text}.${this.wait > 0 ? ` Try again in ${this.wait} s.` : ""}`;
  }
}

/** No answer came. */
class Unreachable extends Error {}

/** The session in which a request was sent has ended: its answer is ignored. */
class Outdated extends Error {}

let token = null;

async function ask(method, path, { body, headers = {} } = {}) {
  const sentWith = token;
  const sent = { ...headers };
  if (sentWith) sent.Authorization = `Bearer ${sentWith}`;
  if (body) sent["Content-Type"] = "application/json";
  let answer;
  let text;
  try {
    answer = await fetch(path, {
      method,
      headers: sent,
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(LONGEST_ANSWER),
    });
    text = await answer.text();
  } catch {
    if (sentWith !== token) throw new Outdated();
    throw new Unreachable();
  }
  if (sentWith !== token) throw new Outdated();
  let json = {};
  try {
    json = text === "" ? {} : JSON.parse(text);
  } catch {
    if (answer.ok) throw new Unreachable(); // something else than the service answered
  }
  connection.wait = FIRST_PROBE;
  if (!answer.ok && answer.status !== 304) throw new Refused(answer, json);
  return { status: answer.status, headers: answer.headers, json };
}

function link(headers, relation) {
  const found = new RegExp(`<([^>]+)>;\\s*rel="${relation}"`).exec(headers.get("Link") ?? "");
  return found && found[1];
}

/** Does what a user wants; tells what went wrong. Returns whether it succeeded. */
async function attempt(action) {
  say("");
  try {
    await action();
    return true;
  } catch (failure) {
    if (failure instanceof Refused && (failure.status === 404 || failure.status === 412)) {
      say(failure.status === 404
        ? "This todo does not exist any more: it was deleted somewhere else."
        : `This todo was changed somewhere else meanwhile. Your text was not saved: “${failure.text}”.`);
      refresh();
    } else {
      explain(failure);
    }
    return false;
  }
}

function explain(failure) {
  if (failure instanceof Outdated) return;
  if (failure instanceof Unreachable) {
    connection.lost();
  } else if (!(failure instanceof Refused)) {
    say("Something went wrong in this page. Reload it.");
    throw failure;
  } else if (failure.status === 401 && token) {
    leave();
    say("Your session has ended. Log in again.");
  } else {
    say(failure.words({ title: "The title" }));
  }
}

function say(text) {
  at("problem").textContent = text;
}

// --- connection -------------------------------------------------------------------------------------------------

const connection = {
  down: false,
  probing: false,
  wait: FIRST_PROBE, // before the next probe; only an answer to a request makes it short again
  timer: 0,

  lost() {
    if (connection.down) return;
    connection.down = true;
    at("offline").textContent = "The service cannot be reached. What you typed is kept; this page tries again by itself.";
    connection.schedule();
  },

  schedule() {
    connection.timer = setTimeout(connection.probe, connection.wait);
    connection.wait = Math.min(2 * connection.wait, LONGEST_PROBE);
  },

  async probe() {
    clearTimeout(connection.timer);
    if (!connection.down || connection.probing) return;
    connection.probing = true;
    try {
      const answer = await fetch("/health", {
        cache: "no-store",
        credentials: "omit",
        signal: AbortSignal.timeout(5000),
      });
      if (!answer.ok) throw new Unreachable();
      await answer.json(); // a proxy's page is no answer of the service
    } catch {
      connection.schedule();
      return;
    } finally {
      connection.probing = false;
    }
    connection.down = false;
    at("offline").textContent = "";
    if (token) {
      refresh();
      notifications.schedule();
    }
  },
};
addEventListener("online", connection.probe);

// --- login, registration, logout ----------------------------------------------------------------------------------

let registering = false;

function offerRegistration(on) {
  registering = on;
  at("welcome-title").textContent = on ? "Register" : "Log in";
  at("enter").textContent = on ? "Register" : "Log in";
  at("other-question").textContent = on ? "Have an account?" : "No account yet?";
  at("switch").textContent = on ? "Log in" : "Register";
  at("rules").hidden = !on;
  at("demo").hidden = on || !offers("demo");
  at("password").autocomplete = on ? "new-password" : "current-password";
}

at("other").hidden = !offers("registration");
offerRegistration(false);
at("switch").addEventListener("click", () => {
  say("");
  offerRegistration(!registering);
  at("username").focus();
});

at("account").addEventListener("submit", async (event) => {
  event.preventDefault();
  const credentials = { username: at("username").value.trim(), password: at("password").value };
  const missing = ["username", "password"].find((field) => credentials[field] === "");
  if (missing) {
    say(`${CREDENTIALS[missing]} is missing.`);
    at(missing).focus();
    return;
  }
  say("");
  at("enter").disabled = true;
  try {
    if (registering) await ask("POST", "/register", { body: credentials });
    offerRegistration(false);
    const answer = await ask("POST", "/login", { body: credentials });
    come(answer.json.token, credentials.username);
  } catch (failure) {
    refuseEntry(failure);
  } finally {
    at("enter").disabled = false;
  }
});

function refuseEntry(failure) {
  if (!(failure instanceof Refused)) {
    explain(failure);
  } else if (failure.status === 401) {
    say("Username or password is wrong.");
    at("password").select();
  } else if (failure.status === 409) {
    say("This username is taken. Choose another one.");
    at("username").select();
  } else {
    say(failure.words(CREDENTIALS));
  }
}

function come(given, username) {
  token = given;
  at("who").textContent = username;
  at("password").value = "";
  show(true);
  at("new-title").focus();
  refresh();
}

function leave() {
  token = null;
  todos = [];
  listTag = null;
  pages = 1;
  loaded = false;
  draft = null;
  notifications.clear();
  at("list").replaceChildren();
  showCache(null);
  show(false);
  at(at("username").value ? "password" : "username").focus();
}

function show(inside) {
  at("welcome").hidden = inside;
  at("todos").hidden = !inside;
  at("session").hidden = !inside;
  at("source").hidden = !inside;
}

at("log-out").addEventListener("click", () => {
  say("");
  at("new-title").value = "";
  leave();
});

// --- the list -----------------------------------------------------------------------------------------------------

let todos = []; // as the service has said last
let loaded = false;
let listTag = null;
let pages = 1; // how many of the list's pages are shown
let refreshes = 0;
const busy = new Set(); // ids with a request under way: an older list must not undo what the user sees

/** Gets the list again. Only the last one that was asked for is shown. */
async function refresh() {
  const mine = ++refreshes;
  try {
    const first = await ask("GET", "/api/todos", { headers: listTag && pages === 1 ? { "If-None-Match": listTag } : {} });
    let found = first.json;
    let next = link(first.headers, "next");
    for (let page = 1; page < pages && next; page++) {
      const answer = await ask("GET", next);
      found = found.concat(answer.json);
      next = link(answer.headers, "next");
    }
    if (mine !== refreshes) return;
    if (first.status !== 304) {
      todos = found;
      listTag = first.headers.get("ETag");
    }
    loaded = true;
    at("more").hidden = !next;
    showCache(first.headers.get("X-Cache"));
    render();
  } catch (failure) {
    if (mine === refreshes) explain(failure);
  }
}

function showCache(outcome) {
  at("cache").hidden = !outcome;
  at("cache").textContent = `Cache ${outcome}`;
  at("cache").dataset.cache = outcome;
  at("cache-words").textContent = CACHE[outcome] ?? "";
}

function filter() {
  const word = location.hash.replace(/^#\/?/, "");
  return word === "active" || word === "completed" ? word : "all";
}

function render() {
  const shown = filter();
  const items = todos.map((todo) => {
    const item = at(`todo-${todo._id}`) ?? newItem(todo._id);
    item.classList.toggle("completed", todo.completed);
    item.hidden = shown !== "all" && todo.completed !== (shown === "completed") && !item.classList.contains("editing");
    item.querySelector(".title").textContent = todo.title;
    const toggle = item.querySelector(".toggle");
    toggle.setAttribute("aria-label", todo.title);
    if (!busy.has(todo._id)) toggle.checked = todo.completed;
    item.querySelector(".change").setAttribute("aria-label", `Edit ${todo.title}`);
    item.querySelector(".delete").setAttribute("aria-label", `Delete ${todo.title}`);
    return item;
  });
  place(items);
  const left = todos.filter((todo) => !todo.completed).length;
  const more = at("more").hidden ? "" : " on the pages shown";
  at("count").textContent = `${left} ${left === 1 ? "item" : "items"} left${more}`;
  at("toggle-all").checked = todos.length > 0 && left === 0;
  at("all").hidden = todos.length === 0;
  at("bottom").hidden = todos.length === 0;
  at("clear").hidden = left === todos.length;
  at("empty").hidden = !loaded || items.some((item) => !item.hidden);
  at("empty").textContent = todos.length === 0 ? "Nothing to do. Add your first todo above." : `No ${shown} todos.`;
  for (const anchor of at("filters").children) {
    if (anchor.hash === `#/${shown === "all" ? "" : shown}`) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

/** Puts the items in order and removes others; moves none that is in its place, so that it keeps the focus. */
function place(items) {
  const list = at("list");
  const kept = new Set(items);
  for (const item of [...list.children]) if (!kept.has(item)) item.remove();
  items.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}

function newItem(id) {
  const item = at("todo").content.firstElementChild.cloneNode(true);
  item.id = `todo-${id}`;
  const here = () => todos.find((todo) => todo._id === id);
  item.querySelector(".toggle").addEventListener("change", (event) => toggle(here(), item, event.target.checked));
  item.querySelector(".title").addEventListener("dblclick", () => edit(here(), item));
  item.querySelector(".change").addEventListener("click", () => edit(here(), item));
  item.querySelector(".delete").addEventListener("click", () => remove(here(), item));
  return item;
}

/** Whether the focus is in what is about to vanish, or is already lost: Chrome moves it at its next rendering. */
const losesFocus = (element) => {
  const focused = document.activeElement;
  return focused === document.body || element.contains(focused);
};

const replace = (todo) => { todos = todos.map((old) => (old._id === todo._id ? todo : old)); };

/** Sends a change of one todo, and shows what became of it. */
async function change(id, body, headers) {
  busy.add(id);
  try {
    replace((await ask("PATCH", `/api/todos/${id}`, { body, headers })).json);
  } finally {
    busy.delete(id);
    if (token) render();
  }
}

async function toggle(todo, item, completed) {
  const toggled = await attempt(() => change(todo._id, { completed }));
  if (item.hidden && losesFocus(item)) at("new-title").focus(); // it is filtered out
  if (toggled) refresh();
}

async function remove(todo, item) {
  const removed = await attempt(async () => {
    await ask("DELETE", `/api/todos/${todo._id}`);
    todos = todos.filter((other) => other._id !== todo._id);
    notifications.forget([todo]);
    const shown = [...at("list").children].filter((other) => other === item || !other.hidden);
    const index = shown.indexOf(item);
    const neighbour = shown[index + 1] ?? shown[index - 1];
    const moves = losesFocus(item);
    render();
    if (moves) (neighbour?.querySelector(".delete") ?? at("new-title")).focus();
  });
  if (removed) refresh();
}

let draft = null; // the text that was sent last without success, and its key

at("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const title = at("new-title").value.trim();
  if (title === "" || tooLong(title)) return;
  // Sent again after no answer, the same text is the same request: it makes one todo.
  if (draft?.title !== title) draft = { title, key: newKey(), sending: false };
  if (draft.sending) return;
  const sent = draft;
  sent.sending = true;
  const added = await attempt(async () => {
    const answer = await ask("POST", "/api/todos", { body: { title }, headers: { "Idempotency-Key": sent.key } });
    if (draft === sent) draft = null;
    if (at("new-title").value.trim() === title) at("new-title").value = "";
    const todo = answer.json;
    if (!todos.some((other) => other._id === todo._id)) todos = [...todos, todo];
    render();
    notifications.watch(todo._id, link(answer.headers, "status"));
  });
  sent.sending = false;
  if (added) refresh();
});

function newKey() {
  // randomUUID is there on HTTPS and localhost alone.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function tooLong(title) {
  const length = [...title].length;
  if (length > MOST_CODE_POINTS) say(`The title has ${length} characters; it may have ${MOST_CODE_POINTS}.`);
  return length > MOST_CODE_POINTS;
}

/** Does one of many things; waits and goes on as often as the service says that it is asked too often. */
async function patiently(action) {
  const session = token;
  for (;;) {
    try {
      return await action();
    } catch (failure) {
      if (!(failure instanceof Refused) || failure.status !== 429) throw failure;
      const wait = Math.max(1, failure.wait);
      say(`The service takes no more for now. This goes on in ${wait} s.`);
      await new Promise((goOn) => setTimeout(goOn, wait * 1000));
      if (token !== session) throw new Outdated();
      say("");
    }
  }
}

at("toggle-all").addEventListener("change", async (event) => {
  const completed = event.target.checked;
  const left = todos.filter((todo) => todo.completed !== completed).map((todo) => todo._id);
  event.target.disabled = true;
  await attempt(() => Promise.all(Array.from({ length: TOGGLES_AT_A_TIME }, async () => {
    try {
      for (let id = left.pop(); id; id = left.pop()) await patiently(() => change(id, { completed }));
    } catch (failure) {
      left.length = 0; // the others stop as well
      throw failure;
    }
  })));
  event.target.disabled = false;
  if (token) refresh();
});

at("clear").addEventListener("click", async () => {
  const cleared = await attempt(async () => {
    await ask("DELETE", "/api/todos?completed=true");
    notifications.forget(todos.filter((todo) => todo.completed));
    todos = todos.filter((todo) => !todo.completed);
    const moves = losesFocus(at("clear"));
    render();
    if (moves) at("new-title").focus();
  });
  if (cleared) refresh();
});

at("reload").addEventListener("click", () => {
  say("");
  refresh();
});
at("more").addEventListener("click", () => {
  pages++;
  refresh();
});
addEventListener("hashchange", () => {
  if (token) render();
});

// --- editing ------------------------------------------------------------------------------------------------------

/** Edits a title in its place: Enter and leaving it save, Escape does not, and no title deletes. */
function edit(todo, item) {
  if (item.classList.contains("editing")) return;
  const input = item.querySelector(".edit");
  const before = todo.title;
  // The tag of the state that is edited: a change that is made elsewhere meanwhile is not overwritten.
  let tag = tagOf(todo._id, [before]).catch(() => null);
  item.classList.add("editing");
  input.value = before;
  input.hidden = false;
  input.focus();
  let state = "open";

  const close = (byKey) => {
    state = "closed";
    const focus = byKey && losesFocus(input); // not if the user has gone on to something else meanwhile
    item.classList.remove("editing");
    input.hidden = true;
    input.onkeydown = input.onblur = null;
    if (focus) item.querySelector(".change").focus();
    if (token) render();
  };

  const save = async (byKey) => {
    const title = input.value.trim();
    if (state !== "open" || !token) return;
    if (title === before) {
      close(byKey);
    } else if (title === "") {
      close(byKey);
      await remove(todo, item);
    } else if (!tooLong(title)) {
      state = "saving";
      const saved = await attempt(async () => {
        try {
          const known = (await tag) ?? (await tagOf(todo._id, [before, title]));
          await change(todo._id, { title }, { "If-Match": known });
        } catch (failure) {
          tag = Promise.resolve(null); // without an answer it may have been saved
          if (failure instanceof Refused && failure.status === 412) failure.text = title;
          if (failure instanceof Refused && (failure.status === 412 || failure.status === 404)) close(byKey);
          throw failure;
        }
        close(byKey);
      });
      if (saved) refresh();
      else if (state === "saving") state = "open"; // the text is kept, and can be saved again
    }
  };

  input.onblur = () => save(false);
  input.onkeydown = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      save(true);
    } else if (event.key === "Escape") {
      close(true);
    }
  };
}

/** Returns the tag of a todo's state; one that matches no state if its title is none of `expected`. */
async function tagOf(id, expected) {
  const answer = await ask("GET", `/api/todos/${id}`);
  return expected.includes(answer.json.title) ? answer.headers.get("ETag") : '"changed"';
}

// --- notifications --------------------------------------------------------------------------------------------------

/** Asks for the states of notifications, one at a time and each less and less often, until they are final. */
const notifications = {
  jobs: new Map(), // todo id -> path, when it is due, and the wait before that
  timer: 0,
  asking: false,

  watch(id, path) {
    if (!path) return;
    notifications.jobs.set(id, { path, wait: FIRST_POLL, due: performance.now() + FIRST_POLL });
    notifications.show(id, "pending", 0);
    notifications.schedule();
  },

  /** Asks no more for those of `deleted` todos. */
  forget(deleted) {
    for (const todo of deleted) notifications.jobs.delete(todo._id);
    notifications.schedule();
  },

  clear() {
    clearTimeout(notifications.timer);
    notifications.jobs.clear();
  },

  schedule() {
    clearTimeout(notifications.timer);
    if (notifications.asking || notifications.jobs.size === 0 || document.hidden || connection.down) return;
    const due = Math.min(...[...notifications.jobs.values()].map((job) => job.due));
    notifications.timer = setTimeout(notifications.poll, Math.max(FIRST_POLL / 2, due - performance.now()));
  },

  async poll() {
    const [id, job] = [...notifications.jobs].reduce((a, b) => (b[1].due < a[1].due ? b : a));
    notifications.asking = true;
    job.wait = Math.min(job.wait * POLL_GROWTH, LONGEST_POLL);
    try {
      const { state, attempts } = (await ask("GET", job.path)).json;
      notifications.show(id, state, attempts);
      if (FINAL.has(state)) notifications.jobs.delete(id);
    } catch (failure) {
      if (failure instanceof Refused && failure.status === 404) notifications.jobs.delete(id);
      else if (failure instanceof Refused && failure.status !== 401) job.wait = Math.max(job.wait, failure.wait * 1000);
      else explain(failure);
    } finally {
      notifications.asking = false;
      job.due = performance.now() + job.wait;
      notifications.schedule();
    }
  },

  show(id, state, attempts) {
    const label = at(`todo-${id}`)?.querySelector(".notification");
    if (!label) return;
    label.hidden = false;
    label.dataset.state = state;
    label.textContent = NOTIFICATION[state] ?? state;
    label.title = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  },
};
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !token) return;
  notifications.schedule();
  refresh();
});

at("username").focus();
