"""The two ways in which OpenCV's users find quads."""
import time

import cv2
import numpy as np


def ordered(quad):
    """Clockwise from the corner nearest to the picture's top left."""
    middle = quad.mean(0)
    angle = np.arctan2(quad[:, 1] - middle[1], quad[:, 0] - middle[0])
    quad = quad[np.argsort(angle)]
    return np.roll(quad, -int(np.argmin(quad.sum(1))), 0)


def size_of(quad):
    """The usual width and height of the result: the longer of opposite sides."""
    side = np.linalg.norm(quad - np.roll(quad, -1, 0), axis=1)
    return max(side[0], side[2]), max(side[1], side[3])


def recipe(picture):
    """The scanner of countless tutorials: a copy 500 pixels high, grey, Gaussian 5 x 5, Canny 75/200, the largest of
    the contours that approxPolyDP (2 % of the perimeter) gives four corners. Corners [4, 2] or None."""
    factor = picture.shape[0] / 500
    small = cv2.resize(picture, (max(1, round(picture.shape[1] / factor)), 500), interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    edges = cv2.Canny(grey, 75, 200)
    contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:5]:
        shape = cv2.approxPolyDP(contour, 0.02 * cv2.arcLength(contour, True), True)
        if len(shape) == 4:
            return ordered(scaled(shape, small, picture))
    return None


def squares(picture):
    """As the recipe, but as well as it gets by simple means, after OpenCV's own samples/cpp/squares.cpp: every channel,
    Canny with three pairs of thresholds closed by dilation and Otsu's threshold, convex contours of at least 5 % of
    the picture without the picture's own border; the largest with near right angles."""
    factor = max(picture.shape[:2]) / 800
    small = cv2.resize(picture, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    smooth = cv2.medianBlur(small, 5)
    whole = small.shape[0] * small.shape[1]
    best, best_area = None, 0.05 * whole
    for channel in (*cv2.split(smooth), cv2.cvtColor(smooth, cv2.COLOR_BGR2GRAY)):
        maps = [cv2.dilate(cv2.Canny(channel, low, high), np.ones((3, 3), np.uint8))
                for low, high in ((10, 40), (30, 90), (75, 200))]
        maps.append(cv2.threshold(channel, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1])
        for edges in maps:
            contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
            for contour in contours:
                if cv2.contourArea(contour) <= best_area:
                    continue
                shape = cv2.approxPolyDP(contour, 0.02 * cv2.arcLength(contour, True), True)
                size = cv2.contourArea(shape)
                if len(shape) != 4 or not best_area < size < 0.97 * whole or not cv2.isContourConvex(shape):
                    continue
                p = shape.reshape(4, 2).astype(float)
                a, b = np.roll(p, 1, 0) - p, np.roll(p, -1, 0) - p
                cosine = np.abs((a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)))
                if cosine.max() < 0.6:
                    best, best_area = shape, size
    return None if best is None else ordered(scaled(best, small, picture))


def scaled(shape, small, picture):
    """Contours run through the centres of pixels."""
    factor = np.array([picture.shape[1] / small.shape[1], picture.shape[0] / small.shape[0]])
    return (shape.reshape(4, 2).astype(float) + 0.5) * factor


def by_opencv(finder, folder, files):
    """As peel_rectify.run gives it, with the time of finding and warping without decoding."""
    found = {}
    for name in files:
        picture = cv2.imread(str(folder / name))
        start = time.perf_counter()
        quad = finder(picture)
        middle = time.perf_counter()
        ratio = None
        if quad is not None:
            width, height = size_of(quad)
            ratio = width / max(height, 1e-9)
            size = max(1, round(width)), max(1, round(height))
            target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
            if size[0] * size[1] < 2e8:
                cv2.warpPerspective(picture, cv2.getPerspectiveTransform(quad.astype(np.float32), target), size)
        end = time.perf_counter()
        found[name] = (None if quad is None else quad.tolist(), ratio,
                       {"find": (middle - start) * 1e3, "warp": (end - middle) * 1e3}, "")
    return found
