package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.Collection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A master cannot be found because its sentinels refuse the credentials. Jedis only logs a sentinel's answer and then
 * says that all are down, so this asks them once more.
 */
final class SentinelsRefuseException extends JedisException {
  private static final long serialVersionUID = 1L;

  private SentinelsRefuseException(String reason, JedisException answer) {
    super("its sentinels " + reason, answer);
  }

  /**
   * Returns the actual failure: this, if a sentinel refuses the credentials, or else {@code failure}. Blocks for about
   * {@code within} more at most, or for the time-outs of one sentinel.
   */
  static JedisException or(
      JedisException failure,
      Collection<HostAndPort> sentinels,
      String master,
      JedisClientConfig config,
      Duration within) {
    long start = System.nanoTime();
    for (HostAndPort sentinel : sentinels) {
      if (System.nanoTime() - start > within.toNanos()) {
        break;
      }
      try (Jedis jedis = new Jedis(sentinel, config)) {
        jedis.sentinelGetMasterAddrByName(master);
      } catch (JedisException answer) {
        String message = String.valueOf(answer.getMessage());
        if (message.startsWith("NOPERM")) {
          return new SentinelsRefuseException(
              "do not let the user ask for the master: grant it"
                  + " +sentinel|get-master-addr-by-name +subscribe &+switch-master",
              answer);
        }
        if (RedisFailures.refusesCredentials(message)) {
          return new SentinelsRefuseException("refuse the credentials, or ask for some", answer);
        }
      }
    }
    return failure;
  }
}
