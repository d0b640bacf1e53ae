#!/usr/bin/env bash
#
# Retakes docs/pictures/todos.png: the Todo page in a window and, beside it, on a phone in dark mode.
#
# usage: docs/screenshots.sh
#   Needs chromium or google-chrome, and chromedriver, on the PATH. `MVN` names Maven (default: mvn), JAVA_HOME the JDK.
#
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v chromium >/dev/null || command -v google-chrome >/dev/null ||
  { echo "screenshots: NOT RUN: there is no chromium, and no google-chrome" >&2; exit 1; }
command -v chromedriver >/dev/null || { echo "screenshots: NOT RUN: there is no chromedriver" >&2; exit 1; }
mkdir -p docs/pictures
${MVN:-mvn} -B -q -pl reference-todo-app -am test -Djacoco.skip -Dtest=TodoPagePictures \
  -Dsurefire.failIfNoSpecifiedTests=false "-Dtoolkit.docs.pictures=$PWD/docs/pictures"
ls -l docs/pictures/*.png
