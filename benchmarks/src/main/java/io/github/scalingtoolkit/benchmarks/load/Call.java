package io.github.scalingtoolkit.benchmarks.load;

import java.net.URI;
import java.nio.charset.StandardCharsets;

/**
 * One request as its bytes, made once, and the answer that counts.
 *
 * @param name what it is called in reports
 * @param request the bytes that are sent; never changed
 * @param status the status that counts
 * @param body the body that counts
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; the bytes are shared and never changed.
public record Call(String name, byte[] request, int status, BodyCheck body) {

  /** A GET of {@code path} at the server of {@code base}; {@code token} is sent as a bearer token unless it is empty. */
  public static Call get(String name, URI base, String path, String token, BodyCheck body) {
    return new Call(name, head("GET", base, path, token, "\r\n"), 200, body);
  }

  /** A POST of {@code json} likewise, to be answered with 201. */
  public static Call post(
      String name, URI base, String path, String token, String json, BodyCheck body) {
    int length = json.getBytes(StandardCharsets.UTF_8).length;
    String rest = "Content-Type: application/json\r\nContent-Length: " + length + "\r\n\r\n" + json;
    return new Call(name, head("POST", base, path, token, rest), 201, body);
  }

  /** The same with another status that counts. */
  public Call answeredWith(int otherStatus) {
    return new Call(name, request, otherStatus, body);
  }

  private static byte[] head(String method, URI base, String path, String token, String rest) {
    StringBuilder text = new StringBuilder()
        .append(method)
        .append(' ')
        .append(path)
        .append(" HTTP/1.1\r\nHost: ")
        .append(base.getAuthority())
        .append("\r\n");
    if (!token.isEmpty()) {
      text.append("Authorization: Bearer ").append(token).append("\r\n");
    }
    return text.append(rest).toString().getBytes(StandardCharsets.UTF_8);
  }
}
