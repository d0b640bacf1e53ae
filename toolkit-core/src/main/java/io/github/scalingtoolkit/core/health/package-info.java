/**
 * Health of dependencies, checked in the background, so that a probe only reads results.
 *
 * <pre>{@code
 * HealthRegistry health = HealthRegistry.builder()
 *     .required("mongo", store::ping)
 *     .optional("redis", () -> redis.call(UnifiedJedis::ping))
 *     .optional("mail", () -> {
 *       if (!mail.connected()) {
 *         throw new UnhealthyException("no connection to " + mail.host() + "; check MAIL_HOST");
 *       }
 *     })
 *     .build();
 * health.start();
 * Health now = health.snapshot();
 * }</pre>
 */
package io.github.scalingtoolkit.core.health;
