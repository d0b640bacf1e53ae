/** Who may come in: users, password hashes, and a login that costs the same whoever asks. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.login;
