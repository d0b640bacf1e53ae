/** A job queue on Redis that loses nothing. */
@org.jspecify.annotations.NullMarked
module io.github.scalingtoolkit.queue {
  requires static transitive org.jspecify;
  // Optional, so not transitive: javac would ask each module that requires this one for them.
  requires static micrometer.core;
  requires static org.mongodb.driver.sync.client;
  requires static org.mongodb.driver.core;
  requires static org.mongodb.bson;
  requires transitive io.github.scalingtoolkit.core;
  requires transitive com.fasterxml.jackson.databind;
  requires com.cronutils;
  requires org.slf4j;

  exports io.github.scalingtoolkit.queue;
  exports io.github.scalingtoolkit.queue.mongo;
}
