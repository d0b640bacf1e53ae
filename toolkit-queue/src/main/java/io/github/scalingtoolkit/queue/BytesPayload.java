package io.github.scalingtoolkit.queue;

/** Bytes as they are. */
enum BytesPayload implements PayloadCodec<byte[]> {
  INSTANCE;

  @Override
  public byte[] encode(byte[] payload) {
    return payload;
  }

  @Override
  public byte[] decode(byte[] bytes, int version) {
    return bytes;
  }
}
