package io.github.scalingtoolkit.core.settings;

/**
 * A setting as read, for listings.
 *
 * @param key its name
 * @param value its value as text, or {@code (set)} or {@code (not set)} for a secret
 * @param source where it came from, or {@code default}
 * @param description what it is for
 */
public record Setting(String key, String value, String source, String description) {}
