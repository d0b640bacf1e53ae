/** Strict and fast JWT verification and issuing. */
package io.github.scalingtoolkit.auth;
