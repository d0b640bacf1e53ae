package io.github.scalingtoolkit.todo.run;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Requests that are nearly right or nothing at all, each drawn from a source of chance. For one thread. */
final class HostileRequests {
  private static final List<String> METHODS =
      List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
  private static final List<String> ODD_METHODS =
      List.of("TRACE", "get", "FOO", "GETT", "P\u00d6ST");
  private static final List<String> PATHS = List.of(
      "/",
      "/hello",
      "/health",
      "/api/health",
      "/login",
      "/register",
      "/me",
      "/openapi.json",
      "/page/todo.js",
      "/api",
      "/api/",
      "/api/todos/",
      "//",
      "/api//todos",
      "/readyz",
      "/metrics");
  private static final List<String> ODD_PARTS = List.of(
      "..",
      "%2e%2e",
      "%2e%2e%2f",
      "%00",
      "%c0%ae",
      "%ff",
      "%",
      "%zz",
      "$ne",
      "[object]",
      "null",
      "0".repeat(24),
      "g".repeat(24),
      "%F0%9F%98%80",
      ";jsessionid=1",
      "a".repeat(2000));
  private static final List<String> QUERIES = List.of(
      "completed=true",
      "completed=false",
      "completed=1",
      "limit=5",
      "limit=0",
      "limit=-1",
      "limit=99999999999999999999",
      "limit=1&limit=2",
      "after=" + "f".repeat(24),
      "after=x",
      "after[$gt]=",
      "completed[$ne]=true",
      "a=b",
      "=",
      "&&",
      "%",
      "%00=%00",
      "limit=%31");
  private static final List<String> BODIES = List.of(
      "",
      "{",
      "}",
      "[]",
      "null",
      "1",
      "\"a\"",
      "{}",
      "{\"title\":1}",
      "{\"title\":null}",
      "{\"title\":\"\"}",
      "{\"title\":\"\\u0000\"}",
      "{\"title\":\"\\ud800\"}",
      "{\"title\":\"a\",\"title\":\"b\"}",
      "{\"title\":\"a\"} {}",
      "{\"title\":\"a\",\"x\":1}",
      "{\"title\":{\"$gt\":\"\"}}",
      "{\"$where\":\"1\"}",
      "{\"completed\":\"true\"}",
      "{\"order\":1e999}",
      "{\"order\":NaN}",
      "{\"order\":-0.0}",
      "{\"order\":null}",
      "{\"_id\":\"x\",\"title\":\"a\",\"userId\":\"victim\",\"__v\":7}",
      "{\"username\":\"user\"}",
      "{\"username\":{\"$ne\":null},\"password\":{\"$ne\":null}}",
      "{\"username\":\"\\u0000\",\"password\":\"x\"}",
      "[".repeat(5000),
      "{\"a\":".repeat(5000),
      "{\"order\":" + "9".repeat(3000) + "}",
      "{\"" + "k".repeat(60_000) + "\":1}",
      "{\"title\":\"" + "t".repeat(501) + "\"}");

  private final Random random;
  private final List<String> tokens;
  private final List<String> ownIds;
  private final List<String> victimsIds;

  /**
   * A request.
   *
   * @param bytes what to send
   * @param head whether its answer has no body
   * @param keepsConnection whether the connection can be used again after its answer
   * @param admitted whether it has a token that is good
   * @param line its first line
   */
  record Made(byte[] bytes, boolean head, boolean keepsConnection, boolean admitted, String line) {
    boolean names(String part) {
      return line.contains(part);
    }
  }

  /** Draws requests with {@code tokens} and without, for todos of their users, of another user, and for others. */
  HostileRequests(
      Random random, List<String> tokens, List<String> ownIds, List<String> victimsIds) {
    this.random = random;
    this.tokens = tokens;
    this.ownIds = ownIds;
    this.victimsIds = victimsIds;
  }

  Made next() {
    String method = chance(95) ? one(METHODS) : one(ODD_METHODS);
    String line = method + " " + path() + query() + (chance(99) ? " HTTP/1.1" : " HTTP/9.9");
    List<String> headers = new ArrayList<>(List.of("Host: h"));
    boolean admitted = authorization(headers);
    extras(headers);
    boolean reads = method.equals("GET") || method.equals("HEAD");
    byte[] body = reads && chance(95) ? new byte[0] : body();
    boolean framed = true;
    byte[] sent = body;
    if (body.length > 0 || method.startsWith("P")) {
      headers.add("Content-Type: " + type());
      switch (random.nextInt(40)) {
        case 0 -> {
          headers.add("Content-Length: " + (body.length + 1 + random.nextInt(100)));
          framed = false;
        }
        case 1 -> {
          headers.add("Transfer-Encoding: "
              + one(List.of("xchunked", "gzip", "chunked, gzip", "chunked, chunked", "identity")));
          sent = chunked(body);
          framed = false;
        }
        case 2 -> {
          headers.add("Content-Length: " + body.length);
          headers.add("Transfer-Encoding: chunked");
          sent = chunked(body);
          framed = false;
        }
        case 3 -> {
          headers.add("Content-Length: " + one(List.of("-1", "x", "99999999999999999999", "1, 2")));
          framed = false;
        }
        case 4, 5, 6, 7 -> {
          headers.add("Transfer-Encoding: chunked");
          sent = chunked(body);
        }
        default -> headers.add("Content-Length: " + body.length);
      }
    }
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(
        (line + "\r\n" + String.join("\r\n", headers) + "\r\n\r\n").getBytes(ISO_8859_1));
    request.writeBytes(sent);
    return new Made(request.toByteArray(), method.equals("HEAD"), framed, admitted, line);
  }

  private String path() {
    return switch (random.nextInt(10)) {
      case 0, 1 -> one(PATHS);
      case 2, 3, 4 -> "/api/todos";
      case 5, 6 -> "/api/todos/" + id();
      case 7 -> "/api/jobs/" + (chance(80) ? "n-" : "") + id();
      case 8 -> one(List.of("/api/todos/", "/api/jobs/", "/", "/page/")) + one(ODD_PARTS);
      default -> one(List.of("/api/todos/", "/api/jobs/n-")) + one(victimsIds);
    };
  }

  private String id() {
    return chance(70) ? one(ownIds) : String.format("%024x", random.nextLong() >>> 1);
  }

  private String query() {
    return chance(80) ? "" : "?" + one(QUERIES);
  }

  /** Returns whether it is good. */
  private boolean authorization(List<String> headers) {
    String token = one(tokens);
    int kind = random.nextInt(100);
    if (kind < 75) {
      headers.add((chance(90) ? "Authorization: Bearer " : "authorization:  bEARER ") + token);
      return true;
    }
    if (kind < 85) {
      char[] changed = token.toCharArray();
      int at = random.nextInt(changed.length - 1);
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      headers.add("Authorization: Bearer " + new String(changed));
    } else if (kind < 95) {
      headers.add("Authorization: "
          + one(List.of(
              "Bearer",
              "Bearer ",
              "Basic dXNlcjpwYXNz",
              token,
              "Bearer " + token + " " + token,
              "Bearer a.b.c",
              "Bearer ..",
              "Bearer " + "x".repeat(9000))));
    }
    return false;
  }

  private void extras(List<String> headers) {
    if (chance(15)) {
      headers.add("Idempotency-Key: "
          + one(List.of("k1", "k2", "k3", "", " ", "\u00e9", "x".repeat(256), "a\tb")));
    }
    if (chance(10)) {
      headers.add(one(List.of("If-Match", "If-None-Match")) + ": "
          + one(List.of("*", "\"x\"", "W/\"x\"", "x", "", ",", "\"", "\"a\", \"b\"")));
    }
    if (chance(20)) {
      headers.add("Accept-Encoding: "
          + one(List.of("gzip", "GZIP;q=0.5", "*;q=0", "br", ";", "gzip;q=x", "identity;q=0")));
    }
    if (chance(5)) {
      headers.add("Accept: " + one(List.of("text/html", "*/*", ";", "text/html;q=")));
    }
    if (chance(5)) {
      headers.add(one(List.of(
          "X-Forwarded-For: 1.2.3.4, x",
          "X-Request-Id: " + "i".repeat(300),
          "Origin: null",
          "Access-Control-Request-Method: PUT",
          "Cookie: a=b",
          "X-Large: " + "l".repeat(3000),
          "X-HTTP-Method-Override: DELETE")));
    }
  }

  private String type() {
    return chance(85)
        ? "application/json"
        : one(List.of(
            "application/merge-patch+json",
            "text/plain",
            "application/json; charset=utf-16",
            "APPLICATION/JSON;charset=\"UTF-8\"",
            "",
            ";",
            "application/xml"));
  }

  private byte[] body() {
    int kind = random.nextInt(20);
    if (kind < 8) {
      String title = "todo " + random.nextInt(1000);
      return ("{\"title\":\"" + title + "\"" + (chance(50) ? ",\"completed\":true" : "") + "}")
          .getBytes(UTF_8);
    }
    if (kind < 16) {
      byte[] body = one(BODIES).getBytes(UTF_8);
      if (body.length > 0 && chance(30)) {
        body[random.nextInt(body.length)] = (byte) random.nextInt(256);
      }
      return body;
    }
    if (kind < 17) {
      return ("{\"username\":\"u" + random.nextInt(5) + "\",\"password\":\"long enough\"}")
          .getBytes(UTF_8);
    }
    byte[] noise = new byte[random.nextInt(kind == 17 && chance(20) ? 150_000 : 300)];
    random.nextBytes(noise);
    return noise;
  }

  private byte[] chunked(byte[] body) {
    ByteArrayOutputStream chunks = new ByteArrayOutputStream();
    int from = 0;
    while (from < body.length) {
      int length = Math.min(body.length - from, 1 + random.nextInt(4000));
      chunks.writeBytes(
          (Integer.toHexString(length).toUpperCase(Locale.ROOT) + "\r\n").getBytes(ISO_8859_1));
      chunks.write(body, from, length);
      chunks.writeBytes("\r\n".getBytes(ISO_8859_1));
      from += length;
    }
    chunks.writeBytes("0\r\n\r\n".getBytes(ISO_8859_1));
    return chunks.toByteArray();
  }

  private boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  private <T> T one(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }
}
