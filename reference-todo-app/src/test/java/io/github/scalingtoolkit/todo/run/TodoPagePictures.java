package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.RoundRectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Takes the pictures of the docs: see {@code docs/screenshots.sh}. Not part of a normal test run. */
class TodoPagePictures {
  private static final int HEIGHT = 580;
  private static final int GAP = 24;

  @Test
  void takesThePictureOfThePage(@TempDir Path directory) throws Exception {
    Path pictures = Path.of(System.getProperty("toolkit.docs.pictures"));
    Browser.assumeThere();
    try (TestService service = TestService.start(directory);
        Browser browser = Browser.start(directory.resolve("browser"))) {
      TodoPage page = new TodoPage(browser);

      BufferedImage window = picture(browser, page, service, "light", 760);
      BufferedImage phone = picture(browser, page, service, "dark", 360);

      BufferedImage both = new BufferedImage(
          window.getWidth() + GAP + phone.getWidth(), HEIGHT, BufferedImage.TYPE_INT_ARGB);
      Graphics2D canvas = both.createGraphics();
      paint(canvas, window, 0);
      paint(canvas, phone, window.getWidth() + GAP);
      canvas.dispose();
      Path file = pictures.resolve("todos.png");
      ImageIO.write(both, "png", file.toFile());
      assertThat(Files.size(file)).isLessThan(100_000);
    }
  }

  private static BufferedImage picture(
      Browser browser, TodoPage page, TestService service, String scheme, int width)
      throws Exception {
    browser.command(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    browser.command(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", HEIGHT, "deviceScaleFactor", 1, "mobile", width < 500));
    page.open(service.app().port());
    page.logIn("user", "pass");
    if (page.all(TodoPage.TITLES).isEmpty()) {
      page.add("Read how the cache stays correct");
      browser.click(TodoPage.item(1) + ".toggle");
      page.add("Start three processes");
      page.add("Kill one of them");
    } else {
      page.add("Buy milk");
    }
    page.await(
        "all is sent",
        () -> page.all(".notification").stream().allMatch("Notification sent"::equals));
    page.reloadUntilHit();
    browser.run("scrollTo(0, 0)");
    return ImageIO.read(new ByteArrayInputStream(browser.picture()));
  }

  /** Paints it with round corners and an edge, on no ground, so that it suits a page of any colour. */
  private static void paint(Graphics2D canvas, BufferedImage picture, int x) {
    RoundRectangle2D frame = new RoundRectangle2D.Double(
        x, 0, picture.getWidth() - 1.0, picture.getHeight() - 1.0, 16, 16);
    canvas.setClip(frame);
    canvas.drawImage(picture, x, 0, null);
    canvas.setClip(null);
    canvas.setColor(Color.GRAY);
    canvas.draw(frame);
  }
}
