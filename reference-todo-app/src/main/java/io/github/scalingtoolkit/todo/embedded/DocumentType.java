package io.github.scalingtoolkit.todo.embedded;

import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.bson.BsonDecoder;
import de.bwaldvogel.mongo.wire.bson.BsonEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;
import org.jspecify.annotations.Nullable;

/**
 * Keeps documents in the file as BSON, as received from clients. The library's own format, Java serialization, takes
 * several times the space and half of the time of a write, and reads classes from a file.
 */
final class DocumentType extends BasicDataType<Document> {
  private static final int LARGEST = 64 << 20;
  private static final int SMALLEST = 5;
  private static final int BYTES_OF_AN_OBJECT = 48;

  /** Returns how to open the map of a collection. */
  static MVMap.Builder<Object, Document> collectionMap() {
    return new MVMap.Builder<Object, Document>().valueType(new DocumentType());
  }

  @Override
  public int getMemory(Document document) {
    return estimate(document);
  }

  @Override
  public void write(WriteBuffer out, Document document) {
    ByteBuf bson = Unpooled.buffer(256);
    BsonEncoder.encodeDocument(document, bson);
    out.put(bson.array(), bson.arrayOffset(), bson.readableBytes());
  }

  @Override
  public Document read(ByteBuffer in) {
    int length = in.duplicate().order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (length < SMALLEST || length > LARGEST) {
      throw new IllegalStateException("a document cannot have " + length + " bytes");
    }
    byte[] bson = new byte[length];
    in.get(bson);
    return BsonDecoder.decodeBson(Unpooled.wrappedBuffer(bson));
  }

  @Override
  public Document[] createStorage(int size) {
    return new Document[size];
  }

  private static int estimate(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      int bytes = BYTES_OF_AN_OBJECT;
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        bytes += estimate(entry.getKey()) + estimate(entry.getValue());
      }
      return bytes;
    }
    if (value instanceof List<?> list) {
      int bytes = BYTES_OF_AN_OBJECT;
      for (Object element : list) {
        bytes += estimate(element);
      }
      return bytes;
    }
    return value instanceof String text ? BYTES_OF_AN_OBJECT + text.length() : BYTES_OF_AN_OBJECT;
  }
}
