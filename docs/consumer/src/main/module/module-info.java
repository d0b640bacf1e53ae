/** What an application on the module path says: the three libraries, and that Jackson may see its payloads. */
module example.consumer {
  requires io.github.scalingtoolkit.cache;
  requires io.github.scalingtoolkit.queue;
  requires io.github.scalingtoolkit.auth;

  opens example.consumer to
      com.fasterxml.jackson.databind;
}
