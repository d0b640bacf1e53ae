package peer;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;

/** The Todo service on Spring Boot, as an experienced user would write it. What it does not do is in peer.json. */
@SpringBootApplication
public class TodoPeer {
  public static void main(String[] args) {
    SpringApplication.run(TodoPeer.class, args);
  }

  @EventListener
  void listens(WebServerInitializedEvent event) {
    System.out.println("listening on 127.0.0.1:" + event.getWebServer().getPort());
  }
}
