/** A job queue on Redis that loses nothing. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("requires-transitive-automatic") // The drivers and Micrometer have no other name.
module io.github.scalingtoolkit.queue {
  requires static transitive org.jspecify;
  requires static transitive micrometer.core;
  requires static transitive org.mongodb.driver.sync.client;
  requires static transitive org.mongodb.bson;
  requires static org.mongodb.driver.core;
  requires transitive io.github.scalingtoolkit.core;
  requires transitive com.fasterxml.jackson.databind;
  requires org.slf4j;

  exports io.github.scalingtoolkit.queue;
  exports io.github.scalingtoolkit.queue.mongo;
}
