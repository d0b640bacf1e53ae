package io.github.scalingtoolkit.todo.http;

import io.undertow.util.HeaderMap;
import io.undertow.util.HttpString;

/** The headers that helmet sets, with a policy for an API that serves no pages. */
public final class SecurityHeaders {
  private static final Object[][] ALL = {
    {new HttpString("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'"},
    {new HttpString("Cross-Origin-Opener-Policy"), "same-origin"},
    {new HttpString("Cross-Origin-Resource-Policy"), "same-origin"},
    {new HttpString("Origin-Agent-Cluster"), "?1"},
    {new HttpString("Referrer-Policy"), "no-referrer"},
    {new HttpString("Strict-Transport-Security"), "max-age=31536000; includeSubDomains"},
    {new HttpString("X-Content-Type-Options"), "nosniff"},
    {new HttpString("X-DNS-Prefetch-Control"), "off"},
    {new HttpString("X-Download-Options"), "noopen"},
    {new HttpString("X-Frame-Options"), "SAMEORIGIN"},
    {new HttpString("X-Permitted-Cross-Domain-Policies"), "none"},
    {new HttpString("X-XSS-Protection"), "0"},
  };

  private SecurityHeaders() {}

  /** Adds all of them to an answer. */
  public static void addTo(HeaderMap headers) {
    for (Object[] header : ALL) {
      headers.put((HttpString) header[0], (String) header[1]);
    }
  }
}
