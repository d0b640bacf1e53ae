#!/usr/bin/env bash
#
# Retakes docs/pictures/todos.png: the Todo page in a window and, beside it, on a phone in dark mode.
#
# usage: docs/screenshots.sh
#   Needs chromium and chromedriver on the PATH. `MVN` names Maven (default: mvn), JAVA_HOME the JDK.
#
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
for program in chromium chromedriver; do
  command -v "$program" >/dev/null || { echo "screenshots: NOT RUN: there is no $program" >&2; exit 1; }
done
mkdir -p docs/pictures
${MVN:-mvn} -B -q -pl reference-todo-app -am test -Djacoco.skip -Dtest=TodoPagePictures \
  -Dsurefire.failIfNoSpecifiedTests=false "-Dtoolkit.docs.pictures=$PWD/docs/pictures"
ls -l docs/pictures/*.png
