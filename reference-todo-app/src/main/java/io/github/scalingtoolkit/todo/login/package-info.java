/** Authentication: users, password hashes, and a login whose cost does not depend on the user. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.login;
