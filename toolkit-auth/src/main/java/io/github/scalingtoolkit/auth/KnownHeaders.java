package io.github.scalingtoolkit.auth;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The header segments met so far under one key set. An issuer writes the same header into every token, so nearly every
 * header is recognized by comparing bytes. Only headers of genuine tokens are remembered, so forgeries cannot fill it; it
 * belongs to one {@link KeySet} object and is dropped with it. Immutable.
 */
final class KnownHeaders {
  private static final int MOST = 8;

  private final KeySet keys;
  private final Header[] headers;

  private KnownHeaders(KeySet keys, Header[] headers) {
    this.keys = keys;
    this.headers = headers;
  }

  static KnownHeaders noneOf(KeySet keys) {
    return new KnownHeaders(keys, new Header[0]);
  }

  boolean areOf(KeySet others) {
    return keys == others;
  }

  @Nullable
  Header find(byte[] token, int end) {
    for (Header header : headers) {
      if (header.isOf(token, end)) {
        return header;
      }
    }
    return null;
  }

  KnownHeaders with(Header header) {
    if (headers.length == MOST) {
      return this;
    }
    Header[] more = Arrays.copyOf(headers, headers.length + 1);
    more[headers.length] = header;
    return new KnownHeaders(keys, more);
  }
}
