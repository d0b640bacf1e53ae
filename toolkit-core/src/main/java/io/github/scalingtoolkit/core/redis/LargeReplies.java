package io.github.scalingtoolkit.core.redis;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.args.Rawable;

/**
 * Remembers which command for which key had a large reply last, and its size, so that the next one like it does not delay
 * short replies, and gets the time that its reply needs.
 *
 * <p>A table of hashes that overwrite each other: one that is forgotten or mistaken for another only takes the other
 * lane. Safe for use by several threads.
 */
final class LargeReplies {
  private static final int SLOTS = 1024;

  private final AtomicIntegerArray hashes = new AtomicIntegerArray(SLOTS);
  private final AtomicIntegerArray lengths = new AtomicIntegerArray(SLOTS);
  private volatile boolean any;

  /** Notes how long the reply to a command was. */
  void note(CommandArguments command, @Nullable Object reply) {
    int bytes = bytes(reply);
    boolean large = bytes > SharedCommands.LARGE_BYTES * 4;
    if (!large && !any) {
      return;
    }
    int hash = hash(command);
    if (large) {
      lengths.set(slot(hash), bytes);
      hashes.set(slot(hash), hash);
      any = true;
    } else {
      hashes.compareAndSet(slot(hash), hash, 0);
    }
  }

  /** Notes a command whose reply was larger than {@code bytes}: no more of it was waited for. */
  void noteHuge(CommandArguments command, long bytes) {
    int hash = hash(command);
    lengths.set(slot(hash), (int) Math.min(bytes, Integer.MAX_VALUE));
    hashes.set(slot(hash), hash);
    any = true;
  }

  /** Returns how many bytes the last command like this was answered with; 0 if they were few. */
  int bytes(CommandArguments command) {
    if (!any) {
      return 0;
    }
    int hash = hash(command);
    return hashes.get(slot(hash)) == hash ? lengths.get(slot(hash)) : 0;
  }

  private static int slot(int hash) {
    return (hash ^ hash >>> 16) & SLOTS - 1;
  }

  private static int hash(CommandArguments command) {
    // EVAL script count key: the fourth; others name a key first.
    int at =
        command.getCommand() instanceof Command known && known.name().startsWith("EVAL") ? 3 : 1;
    Iterator<Rawable> arguments = command.iterator();
    for (int i = 0; arguments.hasNext(); i++) {
      Rawable argument = arguments.next();
      if (i == at) {
        int hash =
            31 * command.getCommand().toString().hashCode() + Arrays.hashCode(argument.getRaw());
        return hash == 0 ? 1 : hash;
      }
    }
    return 1;
  }

  private static int bytes(@Nullable Object reply) {
    if (reply instanceof byte[] bulk) {
      return bulk.length;
    }
    long bytes = 0;
    if (reply instanceof List<?> parts) {
      for (Object part : parts) {
        bytes += 16 + bytes(part);
      }
    }
    return (int) Math.min(bytes, Integer.MAX_VALUE);
  }
}
