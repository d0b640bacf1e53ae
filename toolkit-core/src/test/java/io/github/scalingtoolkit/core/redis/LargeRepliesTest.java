package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;

class LargeRepliesTest {
  private final LargeReplies large = new LargeReplies();

  @Test
  void whatWasCutOffIsKnownUntilTheSameCommandBringsLittle() {
    large.noteHuge(command(Command.HGETALL, "cart"), 3_000_000_000L);

    assertThat(large.bytes(command(Command.HGETALL, "cart"))).isEqualTo(Integer.MAX_VALUE);
    assertThat(large.bytes(command(Command.HGETALL, "other"))).isZero();

    large.note(command(Command.HLEN, "cart"), 7L);
    assertThat(large.bytes(command(Command.HGETALL, "cart"))).isPositive();
    assertThat(large.bytes(command(Command.HLEN, "cart"))).isZero();

    large.note(command(Command.HGETALL, "cart"), new byte[10]);
    assertThat(large.bytes(command(Command.HGETALL, "cart"))).isZero();
  }

  private static CommandArguments command(Command command, String key) {
    return new CommandArguments(command).key(key);
  }
}
