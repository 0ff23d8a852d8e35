#!/bin/sh
# Take the lesson's pictures anew from the last `make lab-01`.
cd "$(dirname "$0")" || exit
for picture in *.png; do
  cp "../../../artifacts/lab-01/plots/$picture" .
done
