"""Gates: rectangles, polygons, ellipsoids, quadrants and Boolean gates."""
